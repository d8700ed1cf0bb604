// Depth as the first lamp sees it.
#include "person.glsl"
in vec3 position;
in float neck;
uniform mat4 sun;

void main() { gl_Position = sun * vec4(placed(position, neck), 1.); }
