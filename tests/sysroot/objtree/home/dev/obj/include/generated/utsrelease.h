#define UTS_RELEASE "6.7.0-rc1+"
