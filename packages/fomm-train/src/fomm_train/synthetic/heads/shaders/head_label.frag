// The head in the label map.
in vec3 canonical;
in vec2 texture_place;
flat in int part;
out vec4 colour;
uniform sampler2D skin_labels;
const int SKIN = 1, EYES = 3, MOUTH = 4, CLOTHES = 5, BROWS = 6;

void main() {
    int label = EYES;
    if (part <= 1) {
        label = int(texture(skin_labels, texture_place).r * 255. + .5);
        if (label > BROWS || label == 0) label = SKIN;
        if (canonical.y + .35 * (canonical.z - 3.) < -9.5) label = CLOTHES;
    } else if (part == 2 || part == 4 || part == 5) label = MOUTH;
    colour = vec4(float(label) / 255., 0, 0, 1);
}
