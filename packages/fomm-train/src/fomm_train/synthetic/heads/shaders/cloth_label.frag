// Clothes in the label map: the same places are left out.
#include "cloth.glsl"

void main() {
    surface();
    colour = vec4(float(label) / 255., 0, 0, 1);
}
