"""From landing files to bronze: stamp where every row came from, hold what is malformed, fix nothing."""
