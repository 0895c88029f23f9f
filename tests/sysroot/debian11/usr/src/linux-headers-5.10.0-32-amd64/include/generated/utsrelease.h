#define UTS_RELEASE "5.10.0-32-amd64"
