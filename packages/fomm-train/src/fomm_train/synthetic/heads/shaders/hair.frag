// Hair: strands on ribbons, or on a mesh.
#include "light.glsl"
in vec3 world, world_normal, world_tangent, strand, model;
out vec4 colour;
uniform sampler3D noise;
uniform vec3 hair_colour, second_colour;
uniform float shine;
uniform bool is_mesh;

void main() {
    float along = strand.x, random = strand.y, across = strand.z, opacity;
    float coarse, fine;
    if (is_mesh) {
        coarse = texture(noise, vec3(across * 3., model.y * .03, random)).x;
        fine = texture(noise, vec3(across * 7., model.y * .05, random)).y;
        opacity = clamp(1.6 - 1.7 * smoothstep(.55, 1., along + (fine - .5) * .9), 0., 1.);
    } else {
        coarse = texture(noise, vec3(across * 1.1 + random * 7., along * .22 + random, random * 3.)).x;
        fine = texture(noise, vec3(across * 2.7 + random * 3., along * .35, random * 5.)).y;
        float inside = min(across, 1. - across) * 2.;
        opacity = smoothstep(0., .35, inside + (fine - .5) * .8);
        opacity = clamp(opacity * smoothstep(1.02, .7, along + (coarse - .5) * .5) * 1.2, 0., 1.);
    }
    vec3 base = mix(hair_colour, second_colour, smoothstep(.35, .65, coarse));
    base *= (.65 + .7 * fine) * (.75 + .5 * random) * mix(.35, 1., smoothstep(0., .35, along));
    vec3 n = normalize(world_normal), view = to_camera(world);
    if (dot(n, view) < -.2) n = -n;
    vec3 t = normalize(world_tangent + (fine - .5) * .25 * n);
    float seen = lit_share(n);
    vec3 result = base * surroundings(n) * mix(.55, 1., smoothstep(0., .5, along));
    for (int i = 0; i < lamps; i++) {
        float here = i == 0 ? mix(.25, 1., seen) : 1., d = dot(n, lamp_direction[i]);
        float tl = dot(t, lamp_direction[i]);
        float diffuse = max(.35 + .65 * d, 0.) * mix(1., sqrt(max(1. - tl * tl, 0.)), .5);
        result += base * diffuse * lamp_colour[i] * here;
        // Two highlights along the strand (Kajiya and Kay), the second one coloured.
        float th = dot(t, normalize(lamp_direction[i] + view)) + .12 * (coarse - .5);
        float first = power(sqrt(max(1. - th * th, 0.)), 60.) * .05 * (.4 + 1.2 * coarse);
        vec3 second = power(sqrt(max(1. - sq(th + .12), 0.)), 18.) * .35 * second_colour * fine;
        result += lamp_colour[i] * here * smoothstep(-.2, .4, d) * shine * (first + second);
    }
    colour = vec4(tone(result), opacity);
}
