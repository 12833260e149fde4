"""The commands by what they are about: this machine, the data, people files and the demo."""
