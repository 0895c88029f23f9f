/*
 * Automatically generated file; DO NOT EDIT.
 */
#define CONFIG_BPF_SYSCALL 1
#define CONFIG_IPV6 1
#define CONFIG_NET_NS 1
