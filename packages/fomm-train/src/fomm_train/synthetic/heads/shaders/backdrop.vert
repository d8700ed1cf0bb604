// A rectangle that fills the frame, behind everything.
in vec2 corner;
out vec2 place;

void main() {
    place = vec2(corner.x, -corner.y) * .5 + .5;
    gl_Position = vec4(corner, .99999, 1.);
}
