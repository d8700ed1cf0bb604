// The skin, spread out in its texture.
in vec3 template_position;
in vec2 uv;
out vec3 canonical;
out vec2 place;

void main() {
    canonical = template_position;
    place = uv;
    gl_Position = vec4(uv * 2. - 1., 0, 1);
}
