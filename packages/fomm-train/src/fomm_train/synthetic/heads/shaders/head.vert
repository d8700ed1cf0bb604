// Vertices of the head.
#include "person.glsl"
in vec3 position, normal, template_position;
in vec2 uv;
in vec3 traits; // part, occlusion, neck weight
out vec3 world, world_normal, canonical, model, in_sun;
out vec2 texture_place;
out float occlusion;
flat out int part;
uniform mat4 sun;

void main() {
    world = placed(position, traits.z);
    world_normal = placed_direction(normal, traits.z);
    canonical = template_position;
    model = position;
    texture_place = uv;
    occlusion = traits.y;
    part = int(traits.x + .5);
    in_sun = (sun * vec4(world, 1.)).xyz;
    gl_Position = projected(world);
}
