// Colour, gloss, relief and labels of a skin, from the place on the template alone.
in vec3 canonical;
in vec2 place;
layout(location = 0) out vec4 albedo; // square root of the linear colour; gloss
layout(location = 1) out vec4 relief; // of the calm face; folds of raised brows, smile, frown
layout(location = 2) out vec4 label;
uniform sampler3D noise;
uniform sampler2D masks; // of the face: lips, lids, surroundings of the eyes
uniform vec3 seed, skin, lips, brow_colour, hair_colour, shadow_colour, hairline;
uniform float red, mottle, freckles, moles, wrinkles, pores, bags, roughness;
uniform float brow_thickness, brow_density, brow_height, brow_arch;
uniform float stubble, moustache, beard, goatee;
uniform float eye_shadow, liner, blush, lip_gloss;
uniform float scalp_paint;

const int SKIN = 1, HAIR = 2, EYES = 3, MOUTH = 4, BROWS = 6;

float sq(float x) { return x * x; }
float noise_at(float frequency) { return texture(noise, canonical * frequency + seed).x; }

// A soft ball around a point, or around two that mirror each other.
float ball(vec3 centre, float radius) {
    vec3 d = (canonical - centre) / radius;
    return exp(-dot(d, d));
}
float balls(vec3 centre, float radius) {
    vec3 d = (vec3(abs(canonical.x), canonical.yz) - centre) / radius;
    return exp(-dot(d, d));
}

// What is being painted at this place.
vec3 c;
float h = 0., aside, big, mid, fine, grit, ear;
vec3 mask, folds;
vec4 wide;
int what = SKIN;

void tint(vec3 factor, float strength) { c *= mix(vec3(1), factor, strength); }

void paint_complexion() {
    ear = smoothstep(7.3, 8.2, aside) * smoothstep(-2., -.5, canonical.y)
        * smoothstep(6., 5., canonical.y) * smoothstep(-2.5, -1., canonical.z);
    float flush = balls(vec3(4.6, -.6, 9.), 2.6) * .8 + ball(vec3(0, .6, 12.8), 1.5) * .8 + ear * .9
        + ball(vec3(0, -7., 10.), 2.) * .35 + .15 * balls(vec3(3.2, 4.6, 9.5), 1.5);
    float uneven = (mid - .5) * .5 + (wide.y - .5) * .5 + (fine - .5) * .3;
    tint(vec3(1.04, .80, .78), clamp(flush * red * .75 + uneven * .5 * mottle, 0., 1.3));
    c *= 1. + ((big - .5) * .22 + uneven * .20 + (grit - .5) * .08) * mottle;
    tint(vec3(.96, 1., .94), .15 * smoothstep(.2, .8, wide.z) * mottle);
    tint(vec3(.80, .70, .74), clamp(balls(vec3(3.1, 2.1, 9.6), 1.25) * bags * .6, 0., 1.));
    tint(vec3(.86, .76, .74), mask.b * .45);
    tint(vec3(.86, .66, .64), mask.g * .4);
    float spots = smoothstep(.66, .74, noise_at(.8)) * smoothstep(.35, .7, wide.x);
    spots *= balls(vec3(3.5, .8, 10.), 3.5) + ball(vec3(0, 2., 12.), 2.5);
    tint(vec3(.62, .48, .38), clamp(spots * freckles, 0., 1.));
    float mole = smoothstep(.875, .895, texture(noise, canonical * .17 + seed.zxy).y);
    tint(vec3(.35, .26, .22), mole * moles);
    h += ((noise_at(1.3) - .5) + (noise_at(2.6) - .5)) * .05 * pores + (fine - .5) * .05 * roughness;
}

// Lines that brows draw on the forehead when they rise.
float forehead_lines() {
    float y = canonical.y;
    float wave = sin((y + .25 * sin(canonical.x * .6 + seed.x * 6.) + (mid - .5) * 1.1) * 4.6);
    return smoothstep(.45, 1., wave) * smoothstep(6.8, 7.6, y) * smoothstep(11., 9.5, y)
        * smoothstep(5.5, 3.5, aside) * (.5 + noise_at(.18));
}

// Folds of a smile: from the nose to the mouth, and rays beside the eyes.
float smile_lines() {
    float y = canonical.y, fold = 1.75 + (.35 - y) * .33;
    float lines = exp(-sq((aside - fold - .25 * (mid - .5)) / .16)) * smoothstep(1., -.4, y)
        * smoothstep(-4.6, -3.2, y) * step(6., canonical.z) * 1.3;
    float rays = sin(atan(y - 3.4, aside - 4.4) * 11. + (fine - .5) * 2.);
    return lines + smoothstep(.6, 1., rays) * smoothstep(4.7, 5.2, aside) * smoothstep(7., 5.6, aside)
        * smoothstep(1.8, .8, abs(y - 3.4)) * .9;
}

// Lines of a frown: above the nose, between the brows.
float frown_lines() {
    return exp(-sq((aside - .55 - (mid - .5) * .2) / .12)) * smoothstep(5., 5.6, canonical.y)
        * smoothstep(7.2, 6.4, canonical.y) * step(8., canonical.z) * .8;
}

float eye_lines() {
    float bow = canonical.y - 2. - .168 * sq(aside - 3.1);
    return exp(-sq(bow / .13)) * smoothstep(1.5, .7, abs(aside - 3.)) * .8;
}

void paint_wrinkles() {
    folds = vec3(forehead_lines(), smile_lines(), frown_lines());
    float lines = (folds.x + folds.y + folds.z + eye_lines()) * wrinkles;
    h -= lines * .08;
    c *= 1. - .18 * clamp(lines, 0., 1.2) * vec3(.7, 1., 1.);
}

float paint_lips() {
    float lip = smoothstep(.25, .75, mask.r + (fine - .5) * .12);
    vec3 across = vec3(canonical.x * 2.3, canonical.y * .15, canonical.z * .2);
    float streak = texture(noise, across + seed).x;
    c = mix(c, lips * (.82 + .36 * streak) * (1. + .3 * (mid - .5)), lip * .92);
    h += lip * (streak - .5) * .10;
    if (lip > .5) what = MOUTH;
    return lip;
}

void paint_make_up() {
    float y = canonical.y;
    float above = smoothstep(3.2, 3.8, y) * smoothstep(5.6, 4.4, y);
    c = mix(c, shadow_colour, clamp((mask.b - .15) * 1.3, 0., 1.) * above * eye_shadow);
    float line = smoothstep(.35, .8, mask.g) * liner * mix(.35, 1., smoothstep(3.2, 3.5, y));
    c = mix(c, vec3(.02), line * .75);
    tint(vec3(1.05, .62, .66), balls(vec3(4.9, .4, 8.8), 1.7) * blush * .7);
    if (mask.b > .2) what = EYES;
}

void paint_brows() {
    float x = aside - 1.05, t = clamp(x / 4.9, 0., 1.), side = canonical.x > 0. ? 1. : -1.;
    float middle = 5.72 + 1.05 * t * (1. - t) * (1.6 + brow_arch * 2.5) - .62 * t * t + brow_height;
    float taper = t < .7 ? mix(.85, 1., t / .7) : mix(1., .25, (t - .7) / .3);
    float dy = canonical.y - middle, slant = mix(2.2, .35, smoothstep(0., .55, t));
    vec2 combed = vec2(x * 1.4 - dy * .77 / slant, dy * .7 + x * .1);
    float strand = texture(noise, vec3(combed * vec2(2.2, .55), side * .31) + seed).x;
    float second = texture(noise, vec3(combed * vec2(4.1, .9), side * .53) + seed).y;
    float distance_ = abs(dy) / max(brow_thickness * taper, .05);
    float ends = smoothstep(-.12, .35, x + (strand - .5) * .4)
        * smoothstep(5.15, 4.5, x + (second - .5) * .5);
    float cover = smoothstep(1.25, .45, distance_ + (strand - .5) * 1.3) * ends * step(5., canonical.z);
    cover = clamp(cover * brow_density * (.55 + .9 * second), 0., 1.);
    c = mix(c, brow_colour * (.7 + .6 * strand), cover * .95);
    h += cover * .05;
    if (distance_ < .95 && x > 0. && x < 4.9 && canonical.z > 5.) what = BROWS;
}

// Where a beard grows on jaw, cheeks and neck; where a moustache does; and the chin.
vec3 beard_areas() {
    float y = canonical.y, z = canonical.z;
    float border = mix(-3.6, 2., smoothstep(3., 7.2, aside));
    float cheek = smoothstep(-.4, 2., border - y + (mid - .5) * .9 + (fine - .5) * 1.6 + (grit - .5) * .8)
        * smoothstep(-2.4, -1.2, z);
    float chin = smoothstep(-3.6, -4.8, y) * smoothstep(3.4, 2.2, aside);
    float neck = smoothstep(-11., -8.8, y + .5 * (z - 4.) + (mid - .5) * 2.);
    float top = -1.25 - .08 * aside * aside;
    float lip = smoothstep(top + .25, top - .25, y + (fine - .5) * .35) * smoothstep(-4.4, -3.6, y)
        * smoothstep(3.2, 2.1, aside + (fine - .5) * .8) * step(7., z)
        * (.75 + .25 * smoothstep(0., .4, aside)) * smoothstep(-2.9, -2.6, y);
    float corner = smoothstep(1., .1, abs(aside - 2.75 + .10 * (-3. - y)) + (fine - .5) * .9)
        * smoothstep(-2., -3.2, y) * smoothstep(-6.2, -4.2, y) * .75 * step(6., z);
    float area = max(max(cheek, chin) * neck, 0.) * step(1.4, z) * (1. - ear) * smoothstep(3., 2., y);
    return vec3(area, max(lip, corner), chin * neck);
}

void paint_beard(float lip) {
    vec3 areas = beard_areas();
    float bare = 1. - lip;
    float strand = texture(noise, canonical * vec3(1.7, .55, 1.7) + seed).x, second = noise_at(3.1);
    float shade = max(areas.x, areas.y) * stubble * bare * (.35 + .4 * smoothstep(.4, .65, second));
    c = mix(c, mix(c * vec3(.55, .58, .62), brow_colour, .35), shade);
    float dense = max(areas.x * beard, max(areas.y * moustache, max(areas.z, areas.y) * goatee)) * bare;
    float cover = smoothstep(.18, .75, dense + (strand - .5) * .55 + (second - .5) * .35 * (1. - dense));
    cover = clamp(cover * min(dense * 1.3, 1.), 0., 1.);
    c = mix(c, brow_colour * (.45 + 1.1 * strand) * (.75 + .5 * second), cover * .93);
    h += cover * ((strand - .5) * .16 + (second - .5) * .10);
}

// Height above the hairline; fomm_train.synthetic.heads.scalp has the same.
float above_hairline() {
    const float zs[11] = float[](-9., -6., -4., -2.2, -.5, 2.5, 4.2, 5.2, 6.5, 8., 9.5);
    const float ys[11] = float[](-6., -6., -4.5, 1., 5., 5.2, 3., 5.5, 7.5, 9.2, 9.9);
    float z = canonical.z, line = ys[0];
    for (int i = 0; i < 10; i++)
        if (z > zs[i]) line = mix(ys[i], ys[i + 1], clamp((z - zs[i]) / (zs[i + 1] - zs[i]), 0., 1.));
    float receded = exp(-sq((aside - 4.6) / 2.6)) * smoothstep(3., 7., z) + .5 * smoothstep(4., 8., z);
    return canonical.y - line - hairline.x * .6 * smoothstep(3., 6., z) - hairline.y * receded
        + hairline.z * .1 * canonical.x * smoothstep(5., 8., z);
}

void paint_scalp() {
    if (scalp_paint <= .01) return;
    float strand = texture(noise, canonical * vec3(1.6, .7, 1.6) + seed).y;
    float above = above_hairline() * (1. - ear * 2.) - ear;
    float cover = smoothstep(-.35, .55, above + (noise_at(.7) - .5) * 1.2 + (strand - .5) * .6);
    bool at_ear = aside > 7.4 && canonical.y < 5.2 && canonical.z > -2. && canonical.z < 4.4;
    if (at_ear) cover = 0.;
    c = mix(c, hair_colour * (.45 + .8 * strand), cover * scalp_paint);
    if (cover > .5 && scalp_paint > .5) what = HAIR;
    h += cover * (strand - .5) * .12 * scalp_paint;
}

float gloss(float lip) {
    float shine = .5 * (.75 + .5 * (noise_at(.6) - .2));
    shine *= 1. + .5 * ball(vec3(0, 1., 12.5), 2.2) + .35 * ball(vec3(0, 8.5, 10.), 3.)
        + .25 * balls(vec3(4.5, .5, 9.), 2.);
    return mix(shine, .35 + .9 * lip_gloss, lip) * .5;
}

void main() {
    mask = place.x < .5 ? texture(masks, vec2(place.x * 2., place.y)).rgb : vec3(0);
    aside = abs(canonical.x);
    c = skin;
    big = noise_at(.03); mid = noise_at(.11); fine = noise_at(.45); grit = noise_at(1.6);
    wide = texture(noise, canonical * .21 + seed);
    paint_complexion();
    paint_wrinkles();
    float lip = paint_lips();
    paint_make_up();
    paint_brows();
    paint_beard(lip);
    paint_scalp();
    albedo = vec4(sqrt(clamp(c, 0., 1.)), clamp(gloss(lip), 0., 1.));
    relief = vec4(h * 2. + .5, clamp(folds, 0., 1.));
    label = vec4(float(what) / 255., 0, 0, 1);
}
