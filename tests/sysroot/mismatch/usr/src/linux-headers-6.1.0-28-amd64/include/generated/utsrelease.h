#define UTS_RELEASE "6.1.0-28-amd64"
