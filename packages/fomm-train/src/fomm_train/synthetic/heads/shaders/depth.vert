// Depth from far away, without perspective.
in vec3 position;
uniform mat3 view;

void main() {
    vec3 seen = view * position;
    gl_Position = vec4(seen.xy, -seen.z, 1.);
}
