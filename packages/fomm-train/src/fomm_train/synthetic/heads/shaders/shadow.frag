// Nothing but depth is wanted.
void main() {}
