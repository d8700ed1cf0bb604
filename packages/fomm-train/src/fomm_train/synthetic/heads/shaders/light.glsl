// Light on a surface: up to three lamps, of which the first throws shadows, and surroundings.
uniform vec3 lamp_direction[3], lamp_colour[3], ambient_light[4];
uniform int lamps;
uniform sampler2D shadow_map;
uniform float shadow_strength, softness, exposure, camera_distance;
in vec3 in_sun;

float sq(float x) { return x * x; }
float power(float x, float e) { return pow(max(x, 1e-6), e); }

// How much of the first lamp arrives, averaged over 3 x 3 places of its map.
float lit_share(vec3 n) {
    vec3 place = in_sun * .5 + .5;
    float bias = .004 + .006 * (1. - clamp(dot(n, lamp_direction[0]), 0., 1.));
    float seen = 0., step_size = softness / 512.;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++)
            seen += texture(shadow_map, place.xy + vec2(i, j) * step_size).r < place.z - bias ? 0. : 1.;
    return mix(1., seen / 9., shadow_strength);
}

vec3 surroundings(vec3 n) {
    vec3 light = ambient_light[0] + ambient_light[1] * n.x + ambient_light[2] * n.y;
    return max(light + ambient_light[3] * n.z, vec3(.02));
}

vec3 to_camera(vec3 p) { return normalize(vec3(0, 0, camera_distance) - p); }

// From light to what a camera writes.
vec3 tone(vec3 c) {
    c *= exposure;
    float l = dot(c, vec3(.3, .55, .15));
    float compress = (1. + l * .25) / (1. + l * .62) * 1.15;
    c = max(mix(vec3(l), c, 1.08), 0.) * compress;
    c = mix(c, 1. - exp(-c), .35);
    return pow(max(c, 0.), vec3(1. / 2.2));
}
