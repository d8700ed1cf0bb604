// Placement of a point before the camera: the head turns about the neck by its weight, the
// shoulders turn all of it (fomm_train.synthetic.heads.rigid).
uniform vec3 head_axis, torso_axis, shift;
uniform vec4 camera; // focal length, distance, depth scale, depth offset
const vec3 NECK_PIVOT = vec3(0., -3.5, -.5), TORSO_PIVOT = vec3(0., -20., -2.);

vec3 turned(vec3 v, vec3 axis, float share) {
    float angle = length(axis);
    if (angle < 1e-6) return v;
    vec3 unit = axis / angle;
    angle *= share;
    float c = cos(angle);
    return v * c + cross(unit, v) * sin(angle) + unit * dot(unit, v) * (1. - c);
}

vec3 placed(vec3 p, float weight) {
    p = turned(p - NECK_PIVOT, head_axis, weight) + NECK_PIVOT;
    return turned(p - TORSO_PIVOT, torso_axis, 1.) + TORSO_PIVOT + shift;
}

vec3 placed_direction(vec3 n, float weight) {
    return turned(turned(n, head_axis, weight), torso_axis, 1.);
}

vec4 projected(vec3 p) {
    float depth = camera.y - p.z;
    return vec4(camera.x * p.xy, camera.z * depth + camera.w, depth);
}
