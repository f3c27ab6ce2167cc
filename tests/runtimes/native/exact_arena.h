#pragma once

extern int memory_left;  // buffers that can still be had; -1: any number
