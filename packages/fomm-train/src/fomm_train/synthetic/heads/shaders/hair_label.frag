// Hair in the label map: where it is dense enough to be seen.
in vec3 strand;
out vec4 colour;
uniform bool is_mesh;

void main() {
    float inside = min(strand.z, 1. - strand.z) * 2.;
    if (is_mesh ? strand.x > .92 : strand.x > .93 || inside < .12) discard;
    colour = vec4(2. / 255., 0, 0, 1);
}
