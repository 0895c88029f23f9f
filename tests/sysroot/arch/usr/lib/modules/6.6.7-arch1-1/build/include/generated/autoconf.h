/*
 * Automatically generated file; DO NOT EDIT.
 */
#define CONFIG_BPF_SYSCALL 1
#define CONFIG_IKHEADERS 1
