// Clothes, hats, metal and glass; WRITE says what becomes of the result.
#include "light.glsl"
in vec3 world, world_normal, world_tangent, model_tangent, strand, model;
out vec4 colour;
uniform sampler3D noise;
uniform vec3 first_colour, second_colour, third_colour;
uniform float pattern_scale, neckline_shift;
uniform int kind, pattern, label;
uniform bool has_tie, is_hijab;

const int CREW = 0, VNECK = 1, SHIRT = 2, SUIT = 3, TURTLE = 4, SCOOP = 5, HOODIE = 6, HAT = 7,
          METAL = 8, LENS = 9, SUNGLASS = 10;

// Height of the neckline at a place on the template.
float neckline(vec3 q) {
    float aside = abs(q.x), front = smoothstep(0., 2., q.z);
    if (kind == CREW) return -11. - 2.2 * front + .025 * aside * aside;
    if (kind == VNECK) return -11. - front * max(5. - aside * .95, 0.);
    if (kind == SCOOP) return -11.8 - 2.9 * front + .02 * aside * aside;
    if (kind == TURTLE) return -8. - .9 * front;
    if (kind == SHIRT) return -10.2 - 3.6 * front * max(1. - aside * .3, 0.);
    if (kind == SUIT) return -10.2 - 3. * front * max(1. - aside * .3, 0.);
    return -10.6 - 3.4 * front;
}

vec3 suit_colour() {
    vec3 q = model;
    float opening = max(5.5 + (q.y + 14.) * .42, 0.) * 1.05;
    if (q.z <= -1.) return first_colour;
    if (abs(q.x) < min(opening, 20.)) {
        bool on_tie = has_tie && q.y < -14. && abs(q.x) < .55 + .055 * (-14. - q.y);
        if (on_tie) return third_colour * (.8 + .4 * step(.5, fract(q.x * .4 + q.y * .5)));
        return second_colour * (!has_tie && abs(q.x) < .06 ? .8 : 1.);
    }
    if (abs(q.x) < opening + .25) return first_colour * .45;
    return first_colour * (abs(q.x) < opening + 2.6 - .1 * (q.y + 14.) ? 1.12 : 1.);
}

vec3 patterned(vec3 base, float edge) {
    vec3 q = model;
    if (kind == SHIRT && abs(q.x) < .9 && q.z > 0.) {
        base *= .93;
        if (abs(abs(q.x) - .9) < .09) base *= .7;
    }
    if (pattern == 1) base = mix(base, second_colour, step(.5, fract(q.y * .25 * pattern_scale)));
    if (pattern == 2)
        base = mix(base, second_colour, .5 * step(.5, fract(q.y * .3 * pattern_scale))
            + .5 * step(.5, fract(q.x * .3 * pattern_scale)));
    if (pattern == 3)
        base = mix(base, second_colour, smoothstep(.5, .6, texture(noise, q * .045 * pattern_scale).x));
    if (pattern == 4) base = mix(base, second_colour, step(.82, fract(q.x * .35 * pattern_scale)));
    if ((kind == CREW || kind == SCOOP || kind == VNECK) && edge > -.75) base *= .82;
    if (kind == TURTLE) base *= .85 + .3 * step(.5, fract(atan(q.x, q.z + 1.) * 9.));
    return base;
}

vec3 cloth(inout vec3 n) {
    vec3 q = model_tangent, base;
    bool is_collar = strand.y > .5;
    if (is_collar) {
        base = kind == SUIT ? second_colour : first_colour * 1.05;
        if (kind == SHIRT && pattern > 0) base = mix(base, second_colour, .3);
    } else {
        float edge = q.y - neckline(q) - neckline_shift;
        if (edge > 0. && q.y > -18.5) discard;
        base = kind == SUIT ? suit_colour() : patterned(first_colour, edge);
    }
    float weave = texture(noise, model * .9).x * .5 + texture(noise, model * 2.1).y * .5;
    float fold = texture(noise, model * vec3(.045, .03, .045)).x - .5;
    n = normalize(n + vec3(fold, -fold * .3, 0.) * .9);
    return base * (.8 + .4 * weave);
}

vec3 hat(vec3 base, inout vec3 n) {
    if (pattern == 1) base = mix(base, second_colour, step(.5, fract(strand.x * 7.)));
    if (pattern == 2) base = mix(base, second_colour, smoothstep(.5, .6, texture(noise, model * .06).x));
    if (pattern == 3) base *= .72 + .45 * step(.5, fract(strand.z * 46.));
    float fold = texture(noise, model * .06).x - .5;
    n = normalize(n + vec3(fold, -fold * .4, 0.) * .6);
    return base * (.75 + .5 * texture(noise, model * 1.1).x);
}

// Glass, which mostly reflects, or is dark.
vec4 glass(vec3 n, vec3 view) {
    vec3 highlight = vec3(0);
    for (int i = 0; i < lamps; i++)
        highlight += lamp_colour[i] * power(max(dot(n, normalize(lamp_direction[i] + view)), 0.), 200.) * .9;
    vec3 mirrored = surroundings(reflect(-view, n));
    if (kind == SUNGLASS)
        return vec4(tone(first_colour * .2 * surroundings(n) + .12 * mirrored + highlight), .88);
    float edge = .03 + .4 * power(1. - max(dot(n, view), 0.), 3.);
    return vec4(tone(mirrored * .6 + highlight), edge + .03 + min(highlight.r, .8));
}

vec4 surface() {
    vec3 n = normalize(world_normal), view = to_camera(world), base = first_colour;
    if (dot(n, view) < 0.) n = -n;
    float shine = .02, exponent = 12.;
    if (is_hijab) {
        float edge = sq(model.x / 6.9) + sq((model.y - .9) / 8.7);
        if (edge < 1. && model.z > 1.) discard;
        base *= mix(.75, 1., smoothstep(1., 1.12, edge));
    }
    if (kind >= LENS) return glass(n, view);
    if (kind < HAT) base = cloth(n);
    if (kind == HAT) base = hat(base, n);
    if (kind == METAL) { shine = .5; exponent = 60.; }
    float seen = lit_share(n);
    vec3 result = base * surroundings(n), highlight = vec3(0);
    for (int i = 0; i < lamps; i++) {
        float here = i == 0 ? seen : 1.;
        result += base * lamp_colour[i] * max((dot(n, lamp_direction[i]) + .15) / 1.15, 0.) * here;
        highlight += lamp_colour[i] * here * shine
            * power(max(dot(n, normalize(lamp_direction[i] + view)), 0.), exponent);
    }
    // Clothes are darker under the chin.
    if (kind < HAT) {
        float depth = strand.y > .5 ? 0. : .35 * model_tangent.z;
        result *= mix(.55, 1., smoothstep(-9., -15., model_tangent.y + depth));
    }
    return vec4(tone(result + highlight), 1.);
}
