// The means over all frames so far, which forget after the horizon.
#pragma once

#include <algorithm>

// Where the counter of frames saturates: beyond it a float cannot count by one.
constexpr float kMaxCount = 16777216.0f;

struct Clock {
  float rate;      // how much this frame weighs in a running mean
  float position;  // frames before this one, at most horizon - 1

  Clock(float frames_seen, int horizon) {
    const float limit = horizon ? static_cast<float>(horizon) : kMaxCount;
    rate = 1.0f / std::min(frames_seen + 1.0f, limit);
    position = std::min(frames_seen, limit - 1.0f);
  }
};

inline void update_mean(float* mean, const float* frame_mean, int channels, float rate) {
  for (int c = 0; c < channels; ++c) mean[c] += (frame_mean[c] - mean[c]) * rate;
}
