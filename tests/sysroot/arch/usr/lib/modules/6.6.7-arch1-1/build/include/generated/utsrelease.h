#define UTS_RELEASE "6.6.7-arch1-1"
