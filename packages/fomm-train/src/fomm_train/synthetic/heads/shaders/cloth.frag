// Clothes in the picture.
#include "cloth.glsl"

void main() { colour = surface(); }
