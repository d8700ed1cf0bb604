// Vertices of hair, hats, clothes and glasses.
#include "person.glsl"
in vec3 position, normal, tangent;
in vec4 traits; // along, random, across, neck weight
out vec3 world, world_normal, world_tangent, model_tangent, strand, model, in_sun;
uniform mat4 sun;

void main() {
    world = placed(position, traits.w);
    world_normal = placed_direction(normal, traits.w);
    world_tangent = placed_direction(tangent, traits.w);
    model_tangent = tangent;
    strand = traits.xyz;
    model = position;
    in_sun = (sun * vec4(world, 1.)).xyz;
    gl_Position = projected(world);
}
