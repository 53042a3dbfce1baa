"""Which guilds are connected to the community's CAD, and who may connect one."""
