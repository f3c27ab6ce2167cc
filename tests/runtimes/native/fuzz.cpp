// Random networks through the C interface. Arguments: the first seed, how many, the largest side of
// a picture, the largest width of a layer. Ends with 1 where something is wrong.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "api.h"
#include "exact_arena.h"

using Floats = std::vector<float>;

struct Limits {
  int side, width;
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  int between(int low, int high) { return std::uniform_int_distribution<>(low, high)(engine_); }
  bool coin() { return between(0, 1); }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<int>(values.size()) - 1)];
  }
  Floats normal(int count, float scale) {
    std::normal_distribution<float> distribution(0, scale);
    Floats values(count);
    for (float& value : values) value = distribution(engine_);
    return values;
  }

 private:
  std::mt19937 engine_;
};

// A random network, and the shapes of its states.
struct Plan {
  Plan(unsigned seed, Limits limits);

  NetworkConfig config{};
  std::vector<int> states;  // floats of each

 private:
  void layer(const float*& weight, const float*& bias, int outputs, int taps);
  BlockConfig block(int inputs);

  Random random_;
  Limits limits_;
  std::deque<Floats> arrays_;
  std::vector<BlockConfig> blocks_;
};

void Plan::layer(const float*& weight, const float*& bias, int outputs, int taps) {
  arrays_.push_back(random_.normal(outputs * taps, 1 / std::sqrt(static_cast<float>(taps))));
  weight = arrays_.back().data();
  arrays_.push_back(random_.normal(outputs, 0.3f));
  bias = arrays_.back().data();
}

BlockConfig Plan::block(int inputs) {
  BlockConfig c{};
  c.inputs = inputs, c.width = random_.between(1, limits_.width);
  c.kernel = random_.between(1, 7), c.stride = random_.one_of({1, 1, 2, 3});
  c.taps = random_.one_of({1, 1, 2, 3, 5, 7});
  const bool identity = c.stride == 1 && random_.coin();
  c.outputs = identity ? inputs : random_.between(1, limits_.width);
  c.hidden = random_.coin() ? random_.between(1, limits_.width) : 0;
  c.position_scale = random_.coin() ? 0.3f : 0.0f;
  layer(c.expand_weight, c.expand_bias, c.width, c.inputs);
  layer(c.space_weight, c.space_bias, c.width, c.kernel * c.kernel);
  layer(c.project_weight, c.project_bias, c.outputs, c.width);
  if (c.taps > 1) layer(c.time_weight, c.time_bias, c.width, c.taps);
  if (c.hidden) layer(c.reduce_weight, c.reduce_bias, c.hidden, 2 * c.width);
  if (c.hidden) layer(c.gate_weight, c.gate_bias, c.width, c.hidden);
  if (!identity) layer(c.skip_weight, c.skip_bias, c.outputs, c.inputs);
  return c;
}

Plan::Plan(unsigned seed, Limits limits) : random_(seed), limits_(limits) {
  NetworkConfig& c = config;
  c.height = random_.between(1, limits.side), c.width = random_.between(1, limits.side);
  c.stem = random_.between(1, limits.width), c.project = random_.between(1, limits.width);
  c.hidden = random_.between(1, limits.width), c.classes = random_.between(1, limits.width);
  c.activation = random_.between(1, 3), c.head_activation = random_.between(0, 3);
  c.gate = random_.between(4, 6);
  c.horizon = random_.one_of({0, 1, 3, 16}), c.bf16 = random_.coin();
  layer(c.stem_weight, c.stem_bias, c.stem, 27);
  int height = (c.height + 1) / 2, width = (c.width + 1) / 2, channels = c.stem;
  states.push_back(1);
  for (int i = random_.between(0, 4); i > 0; --i) {
    const BlockConfig b = block(channels);
    channels = b.outputs;
    height = (height + b.stride - 1) / b.stride, width = (width + b.stride - 1) / b.stride;
    for (int t = 1; t < b.taps; ++t) states.push_back(b.width * height * width);
    if (b.hidden) states.push_back(b.width);
    blocks_.push_back(b);
  }
  states.push_back(c.project);
  layer(c.project_weight, c.project_bias, c.project, channels);
  layer(c.hidden_weight, c.hidden_bias, c.hidden, c.project);
  layer(c.classifier_weight, c.classifier_bias, c.classes, c.hidden);
  c.block_count = static_cast<int>(blocks_.size()), c.blocks = blocks_.data();
}

using NetworkHandle = std::unique_ptr<Network, decltype(&streamrec_network_free)>;
using StreamHandle = std::unique_ptr<Stream, decltype(&streamrec_stream_free)>;

static NetworkHandle open(const Plan& plan, int target) {
  return {streamrec_network(&plan.config, target), streamrec_network_free};
}

static StreamHandle start(const NetworkHandle& network) {
  return {streamrec_stream(network.get()), streamrec_stream_free};
}

[[noreturn]] static void fail(const char* what, double difference = 0) {
  std::printf("%s (%g)\n", what, difference);
  std::fflush(stdout);
  std::_Exit(1);
}

static std::vector<Floats> read(const Plan& plan, const StreamHandle& stream) {
  std::vector<Floats> state;
  for (size_t i = 0; i < plan.states.size(); ++i) {
    state.emplace_back(plan.states[i]);
    streamrec_stream_read(stream.get(), static_cast<int>(i), state.back().data());
  }
  return state;
}

static void write(const StreamHandle& stream, const std::vector<Floats>& state) {
  for (size_t i = 0; i < state.size(); ++i) {
    streamrec_stream_write(stream.get(), static_cast<int>(i), state[i].data());
  }
}

static Floats step(const Plan& plan, const StreamHandle& stream, const Floats& frame) {
  Floats logits(plan.config.classes, NAN);
  if (!streamrec_step(stream.get(), frame.data(), logits.data())) fail("no memory");
  return logits;
}

static void compare(const char* what, const Floats& a, const Floats& b, double allowed) {
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::fabs(a[i] - b[i]);
    if (!(difference <= allowed * (1 + std::fabs(a[i])))) fail(what, difference);
  }
}

constexpr int kFrames = 6, kCut = 3;

// Runs some frames; on the way the state moves to a second stream, and to a third one that reads
// no logits. Returns the logits and the last state.
static std::vector<Floats> run(const Plan& plan, int target, const std::vector<Floats>& frames) {
  const NetworkHandle network = open(plan, target);
  const StreamHandle whole = start(network), moved = start(network), silent = start(network);
  std::vector<Floats> results;
  for (int i = 0; i < kFrames; ++i) {
    results.push_back(step(plan, whole, frames[i]));
    if (i == kCut) write(moved, read(plan, whole)), write(silent, read(plan, whole));
    if (i <= kCut) continue;
    compare("a stream that was moved goes on differently", results.back(),
            step(plan, moved, frames[i]), 0);
    streamrec_step(silent.get(), frames[i].data(), nullptr);
  }
  const std::vector<Floats> last = read(plan, whole), unread = read(plan, silent);
  for (size_t i = 0; i < last.size(); ++i) compare("unread logits matter", last[i], unread[i], 0);
  results.insert(results.end(), last.begin(), last.end());
  return results;
}

// Runs in a thread of its own, whose workspace has grown for nothing else.
template <typename Work>
static void alone(Work work) {
  std::thread(work).join();
}

// The same numbers from all instruction sets; what rounds activations to bfloat16 may differ more.
static void check_targets(const Plan& plan, const std::vector<Floats>& frames) {
  const double allowed = plan.config.bf16 ? 0.3 : 1e-4;
  std::vector<Floats> best, other;
  alone([&] { best = run(plan, 0, frames); });
  for (int target = 1; target < streamrec_targets(); ++target) {
    alone([&] { other = run(plan, target, frames); });
    for (size_t i = 0; i < best.size(); ++i) {
      compare(streamrec_target_name(target), best[i], other[i], allowed);
    }
  }
}

// Whatever allocation fails, the call says so, and all goes on when there is memory again: first
// with a smaller network, which finds what the failed step left behind.
static void check_memory(const Plan& plan, const Floats& frame) {
  const Plan small(0, {1, 1});
  for (int left = 0; left < 200; left += 1 + left / 4) {
    memory_left = left;
    NetworkHandle network = open(plan, 0);
    StreamHandle stream(nullptr, streamrec_stream_free);
    if (network) stream = start(network);
    Floats logits(plan.config.classes);
    if (stream) streamrec_step(stream.get(), frame.data(), logits.data());
    memory_left = -1;
    step(small, start(open(small, 0)), {1, 0, 1});
    if (network) step(plan, start(network), frame);
  }
}

int main(int, char** arguments) {
  const int first = std::atoi(arguments[1]), count = std::atoi(arguments[2]);
  const Limits limits{std::atoi(arguments[3]), std::atoi(arguments[4])};
  for (int seed = first; seed < first + count; ++seed) {
    std::printf("seed %d: ", seed);
    const Plan plan(seed, limits);
    const NetworkConfig& c = plan.config;
    std::printf("%d x %d, %d blocks, bf16 %d: ", c.height, c.width, c.block_count, c.bf16);
    std::fflush(stdout);
    Random random(~seed);
    std::vector<Floats> frames;
    for (int i = 0; i < kFrames; ++i) frames.push_back(random.normal(3 * c.height * c.width, 1));
    alone([&] { check_memory(plan, frames[0]); });
    check_targets(plan, frames);
    std::printf("right\n");
  }
}
