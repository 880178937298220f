"""The commands for people who port: measure what words mean, say a call, translate one."""
