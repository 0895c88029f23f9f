#define UTS_RELEASE "6.1.0-27-amd64"
