#include "base/doc.h"
