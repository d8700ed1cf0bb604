// Skin, mouth, teeth, eyeballs and lashes.
#include "light.glsl"
in vec3 world, world_normal, canonical, model;
in vec2 texture_place;
in float occlusion;
flat in int part;
out vec4 colour;
uniform sampler2D albedo, relief;
uniform sampler3D noise;
uniform vec3 eye_centre[2], gaze[2], iris, sclera, teeth, gums, skin;
uniform vec3 lid_left[4], lid_right[4]; // inner corner, upper middle, outer corner, lower middle
uniform vec3 eye_traits; // radius of the iris, pupil, veins
uniform vec3 folding; // depth of the folds of raised brows, smile, frown
uniform float gloss, bump, lash_opacity;

const int MOUTH_SOCKET = 2, EYE_SOCKET = 3, GUMS = 4, TEETH = 5, LEFT_EYE = 6, RIGHT_EYE = 7,
          TEAR_DUCT = 8;

// Diffuse light that wraps around, most so the red (subsurface scattering), and gloss.
vec3 shaded(vec3 base, vec3 n, float seen, float shine, float wrap) {
    vec3 view = to_camera(world), result = base * surroundings(n) * occlusion, highlight = vec3(0);
    vec3 reach = vec3(1., .45, .3) * wrap;
    float edge = 1. - max(dot(n, view), 0.);
    for (int i = 0; i < lamps; i++) {
        float d = dot(n, lamp_direction[i]), here = i == 0 ? seen : 1.;
        vec3 diffuse = max((d + reach) / (1. + reach), 0.) * .92;
        if (i == 0) diffuse *= mix(vec3(seen), vec3(1), vec3(.12, .02, .01) * 4. * seen * (1. - seen));
        result += base * diffuse * lamp_colour[i] * (.35 + .65 * occlusion);
        float nh = max(dot(n, normalize(lamp_direction[i] + view)), 0.);
        highlight += lamp_colour[i] * here * step(0., d) * (.5 + 2. * power(edge, 3.))
            * (power(nh, 12.) * .07 + power(nh, 42.) * .20) * shine * occlusion;
    }
    highlight += surroundings(reflect(-view, n)) * power(edge, 4.) * .12 * shine * occlusion;
    return result + highlight;
}

// The parabola of a lid through both corners and its middle.
float lid_height(vec3 inner, vec3 middle, vec3 outer, float x) {
    float a = inner.x, b = middle.x, c = outer.x;
    return inner.y * (x - b) * (x - c) / ((a - b) * (a - c))
        + middle.y * (x - a) * (x - c) / ((b - a) * (b - c))
        + outer.y * (x - a) * (x - b) / ((c - a) * (c - b));
}

vec3 eyeball_colour(vec3 centre, vec3 forward, float seed) {
    vec3 d = normalize(model - centre);
    float r = acos(clamp(dot(d, forward), -1., 1.)), q = r / eye_traits.x;
    vec3 up = normalize(vec3(0, 1, 0) - forward * forward.y), right = cross(up, forward);
    float angle = atan(dot(d, up), dot(d, right));
    float vein = texture(noise, vec3(angle * .9, r * .6, seed) * 1.3).y;
    vec3 white = sclera * (1. - vec3(.02, .22, .22) * eye_traits.z * smoothstep(.55, 1.2, r) * (.5 + vein));
    white *= 1. - .25 * smoothstep(.5, 1.1, r);
    float fibre = texture(noise, vec3(cos(angle) * 1.8, sin(angle) * 1.8, q * .25)).x;
    float patch_ = texture(noise, vec3(cos(angle) * .6, sin(angle) * .6, .5 + q)).y;
    vec3 disc = iris * (.55 + .9 * fibre) * (1. + .5 * (patch_ - .5));
    disc = mix(disc, disc * 1.5 + vec3(.02, .012, 0), smoothstep(.75, .35, q) * .5);
    disc *= mix(1., .28, smoothstep(.72, 1., q));
    disc = mix(vec3(.006), disc, smoothstep(eye_traits.y - .06, eye_traits.y + .05, q));
    return mix(disc, white, smoothstep(.93, 1.08, q));
}

vec4 eyeball(vec3 centre, vec3 forward, vec3 lid[4], float seed) {
    vec3 base = eyeball_colour(centre, forward, seed);
    float above = lid_height(lid[0], lid[1], lid[2], model.x) - model.y;
    float below = model.y - lid_height(lid[0], lid[3], lid[2], model.x);
    float dark = mix(.30, 1., smoothstep(-.02, .62, above)) * mix(.6, 1., smoothstep(-.05, .22, below))
        * mix(.55, 1., smoothstep(0., .5, abs(model.x - lid[0].x)))
        * mix(.5, 1., smoothstep(0., .5, abs(model.x - lid[2].x)));
    vec3 n = normalize(world_normal), view = to_camera(world);
    float seen = lit_share(world_normal);
    vec3 result = base * surroundings(n) * dark * 1.05;
    for (int i = 0; i < lamps; i++) {
        float here = i == 0 ? mix(.4, 1., seen) : 1.;
        result += base * lamp_colour[i] * max((dot(n, lamp_direction[i]) + .3) / 1.3, 0.) * here * dark * .9;
        float nh = max(dot(n, normalize(lamp_direction[i] + view)), 0.);
        result += lamp_colour[i] * (power(nh, 380.) * 2.2 + power(nh, 60.) * .06) * here
            * smoothstep(0., .25, above);
    }
    result += surroundings(reflect(-view, n)) * .035 * dark;
    return vec4(tone(result), 1.);
}

// The normal, tilted by the relief of the skin.
vec3 bumped(vec3 n, float h) {
    vec3 px = dFdx(world), py = dFdy(world);
    vec3 r1 = cross(py, n), r2 = cross(n, px);
    float det = dot(px, r1);
    vec3 slope = sign(det) * (dFdx(h) * r1 + dFdy(h) * r2);
    if (abs(det) > 1e-7) n = normalize(abs(det) * n - clamp(slope, -abs(det), abs(det)));
    return gl_FrontFacing ? n : -n;
}

vec4 skin_surface(vec3 n) {
    vec4 texel = texture(albedo, texture_place), shape = texture(relief, texture_place);
    float fold = dot(shape.gba, folding);
    n = bumped(n, (shape.r - .2 * fold) * bump);
    vec3 base = texel.rgb * texel.rgb * (1. - .25 * min(fold, 1.2) * vec3(.7, 1., 1.));
    return vec4(tone(shaded(base, n, lit_share(n), texel.a * 2. * gloss, .35)), 1.);
}

vec4 mouth_interior(vec3 n) {
    vec3 base = part == MOUTH_SOCKET ? gums * vec3(.45, .3, .3) : gums;
    base *= .8 + .4 * texture(noise, canonical * .35).x;
    bool tongue = canonical.z > 4. && canonical.z < 9.9 && abs(canonical.x) < 1.9
        && canonical.y < -2.9 && canonical.y > -4.6;
    if (part == GUMS && tongue) base = gums * vec3(.95, .85, .85);
    vec3 result = shaded(base, n, lit_share(n) * .8, 1.6, .3);
    return vec4(tone(result * (.06 + .62 * smoothstep(.1, .95, occlusion))), 1.);
}

vec4 tooth(vec3 n) {
    vec3 base = teeth * (.9 + .15 * texture(noise, canonical * .5).x);
    vec3 result = shaded(base, n, mix(.35, 1., lit_share(n)), 1.8, .5);
    return vec4(tone(result * (.2 + .8 * occlusion)), 1.);
}

vec4 lash() {
    bool upper = texture_place.y > .5;
    float t = (texture_place.y - (upper ? .6 : .1)) / .3;
    vec3 place = vec3((texture_place.x - 6.5) * 1.1, t * .06, upper ? .3 : .8);
    float hair = texture(noise, place).x;
    float opacity = clamp((1.15 - t * 1.1) + (hair - .5) * 2.2, 0., 1.) * (upper ? 1. : .4);
    return vec4(tone(skin * .04 * surroundings(normalize(world_normal)) + .004), lash_opacity * opacity);
}

void main() {
    vec3 n = normalize(world_normal);
    if (part == LEFT_EYE) colour = eyeball(eye_centre[0], gaze[0], lid_left, .2);
    else if (part == RIGHT_EYE) colour = eyeball(eye_centre[1], gaze[1], lid_right, .7);
    else if (part < MOUTH_SOCKET) colour = skin_surface(n);
    else if (part == MOUTH_SOCKET || part == GUMS) colour = mouth_interior(n);
    else if (part == TEETH) colour = tooth(n);
    else if (part == EYE_SOCKET) colour = vec4(tone(skin * .25 * surroundings(n)), 1.);
    else if (part == TEAR_DUCT)
        colour = vec4(tone(shaded(skin * vec3(1., .62, .58), n, lit_share(n), 2., .4) * .75), 1.);
    else colour = lash();
}
