// The background.
uniform sampler2D backdrop;
in vec2 place;
out vec4 colour;

void main() { colour = vec4(texture(backdrop, place).rgb, 1.); }
