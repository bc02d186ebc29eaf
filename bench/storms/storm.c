// storm: many MQTT 3.1.1 clients that do the same at the same moment, and a pair beside them that behaves well. The pair
// exchanges a small QoS 0 message each 10 ms; what counts is how long these take while the storm lasts, from the moment at
// which each was due. One JSON line at the end.
// build: gcc -O2 -pthread -o storm storm.c, and for storms over TLS -DWITH_TLS -lssl -lcrypto
// usage: storm -p port -s storm [-n clients] [-f filters] [-b bytes] [-w s] [-q port of TLS] [-c at a time] [-i server's pid] [-g s]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define MILLISECOND 1000000ull
#define PAIR_EVERY (10 * MILLISECOND)
#define CONNECTING_MAX 100
#define GIVE_UP_SECONDS 10 // as many libraries of clients do
#define FATAL(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

enum { CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBACK = 9, UNSUBACK = 11, PINGRESP = 13 };

static int port, tls_port, client_count = 1000, filter_count = 100, payload_bytes = 100, wait_seconds = 60, at_a_time, pid;
static double settle_seconds = 0.5;
static const char *storm_name = "ready";

static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * SECOND + t.tv_nsec; }
static void sleep_ms(int ms) { usleep(ms * 1000); }

// ------------------------------------------------------------------------------------------------ packets
typedef struct { uint8_t *bytes; size_t length, room; } buffer;

static void need(buffer *b, size_t more) {
  if (b->length + more <= b->room) return;
  b->room = (b->length + more) * 2;
  if (!(b->bytes = realloc(b->bytes, b->room))) FATAL("no memory");
}
static void put(buffer *b, const void *bytes, size_t length) { need(b, length); memcpy(b->bytes + b->length, bytes, length); b->length += length; }
static void put8(buffer *b, int value) { uint8_t byte = value; put(b, &byte, 1); }
static void put16(buffer *b, int value) { put8(b, value >> 8); put8(b, value); }
static void put_text(buffer *b, const char *text) { put16(b, strlen(text)); put(b, text, strlen(text)); }
static void put_varint(buffer *b, size_t value) { do { put8(b, (value & 127) | (value > 127 ? 128 : 0)); } while (value >>= 7); }
static void put_packet(buffer *b, int first, const buffer *body) { put8(b, first); put_varint(b, body->length); put(b, body->bytes, body->length); }

typedef struct { const char *topic; int bytes; } will_of;

static void put_connect(buffer *out, const char *id, int clean, const will_of *will, int expiry) {
  buffer body = {0};
  put_text(&body, "MQTT"); put8(&body, expiry ? 5 : 4);
  put8(&body, (clean ? 2 : 0) | (will ? 4 | 8 : 0)); put16(&body, 0);
  if (expiry) { put8(&body, 5); put8(&body, 17); put16(&body, 0); put16(&body, expiry); }
  put_text(&body, id);
  if (will) {
    put_text(&body, will->topic); put16(&body, will->bytes);
    need(&body, will->bytes); memset(body.bytes + body.length, 'w', will->bytes); body.length += will->bytes;
  }
  put_packet(out, 0x10, &body); free(body.bytes);
}
static void put_publish(buffer *out, const char *topic, int qos, int bytes) {
  buffer body = {0};
  put_text(&body, topic); if (qos) put16(&body, 1);
  need(&body, bytes); memset(body.bytes + body.length, 'x', bytes); body.length += bytes;
  put_packet(out, 0x30 | qos << 1, &body); free(body.bytes);
}
typedef void filter_namer(char *filter, int client, int index);
static void put_filters(buffer *out, int is_unsubscribe, int client, int from, int count, filter_namer *name) {
  buffer body = {0}; char filter[4096];
  put16(&body, 1);
  for (int index = from; index < from + count; index++) {
    name(filter, client, index); put_text(&body, filter);
    if (!is_unsubscribe) put8(&body, 1);
  }
  put_packet(out, is_unsubscribe ? 0xA2 : 0x82, &body); free(body.bytes);
}

#include "secured.h"

// ------------------------------------------------------------------------------------------------ the pair
static struct { double *ms; int count, room; } taken;
static pthread_mutex_t taken_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t figures_from; // messages that were due before do not count
static volatile int pair_stops; static pthread_t pair;
static double probe_worst_ms; static int probes, probes_failed;

static int dial(const char *id) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct timeval limit = {20, 0}; setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd, (void *)&to, sizeof to)) { close(fd); return -1; }
  buffer out = {0}; uint8_t answer[4];
  put_connect(&out, id, 1, NULL, 0);
  int ok = send(fd, out.bytes, out.length, MSG_NOSIGNAL) == (ssize_t)out.length && recv(fd, answer, 4, MSG_WAITALL) == 4 && !answer[3];
  free(out.bytes);
  if (!ok) { close(fd); return -1; }
  return fd;
}
static void note(uint64_t due, uint64_t at) {
  pthread_mutex_lock(&taken_lock);
  if (due >= figures_from) {
    if (taken.count == taken.room) taken.ms = realloc(taken.ms, (taken.room = taken.room * 2 + 1024) * sizeof(double));
    taken.ms[taken.count++] = (at - due) / 1e6;
  }
  pthread_mutex_unlock(&taken_lock);
}
static void *run_pair(void *unused) {
  int receiver = dial("pair-receiver"), sender = dial("pair-sender");
  if (receiver < 0 || sender < 0) FATAL("the pair cannot connect");
  buffer out = {0};
  const uint8_t subscribe[] = {0x82, 9, 0, 1, 0, 4, 'p', 'a', 'i', 'r', 0};
  uint8_t in[65536]; size_t held = 0;
  if (send(receiver, subscribe, sizeof subscribe, 0) < 0 || recv(receiver, in, 5, MSG_WAITALL) != 5) FATAL("the pair cannot subscribe");
  uint64_t due = now(), sent = 0, got = 0;
  while (!pair_stops || got < sent) {
    uint64_t at = now();
    while (!pair_stops && due <= at) {
      uint8_t publish[16] = {0x30, 14, 0, 4, 'p', 'a', 'i', 'r'};
      memcpy(publish + 8, &due, 8);
      if (send(sender, publish, 16, MSG_NOSIGNAL) != 16) FATAL("the pair's sender was cut");
      sent++; due += PAIR_EVERY;
    }
    struct pollfd waits = {receiver, POLLIN, 0};
    if (poll(&waits, 1, 1) <= 0) continue;
    ssize_t count = recv(receiver, in + held, sizeof in - held, 0);
    if (count <= 0) FATAL("the pair's receiver was cut");
    at = now(); held += count;
    size_t read = 0;
    for (; held - read >= 16; read += 16) { uint64_t was; memcpy(&was, in + read + 8, 8); note(was, at); got++; }
    memmove(in, in + read, held -= read);
  }
  close(receiver); close(sender); free(out.bytes);
  return unused;
}
// A newcomer each 200 ms: how long CONNECT takes meanwhile.
static void *run_probe(void *unused) {
  while (!pair_stops) {
    uint64_t began = now(); char id[32]; sprintf(id, "probe-%d", probes);
    int fd = dial(id);
    if (began >= figures_from) {
      probes++;
      if (fd < 0) probes_failed++;
      else if ((now() - began) / 1e6 > probe_worst_ms) probe_worst_ms = (now() - began) / 1e6;
    }
    if (fd >= 0) close(fd);
    sleep_ms(200);
  }
  return unused;
}

// ------------------------------------------------------------------------------------------------ the crowd
typedef struct { int fd, is_listener, is_in, is_stalled; buffer in, out; size_t out_from; uint64_t began; secured tls; } client;
static client *clients; static int epoll;
static long answers[16], connected, closed_by_server; // packets that came, by type
static uint64_t last_progress; static double slowest_ms; static long gave_up, resumed;

static void watch(client *c) {
  int wants_out = c->out.length > c->out_from && !waits_for_peer(&c->tls);
  struct epoll_event event = {.events = (c->is_stalled ? 0 : EPOLLIN) | (wants_out ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}
static ssize_t carry_out(client *c, const void *bytes, size_t length) { return is_secured(&c->tls) ? secured_send(&c->tls, bytes, length) : send(c->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT); }
static ssize_t carry_in(client *c, void *bytes, size_t length) { return is_secured(&c->tls) ? secured_receive(&c->tls, bytes, length) : recv(c->fd, bytes, length, MSG_DONTWAIT); }
static void flush(client *c) {
  while (c->out.length > c->out_from) {
    ssize_t count = carry_out(c, c->out.bytes + c->out_from, c->out.length - c->out_from);
    if (count < 0) { if (errno == EAGAIN) watch(c); return; }
    c->out_from += count;
  }
  c->out.length = c->out_from = 0;
  if (c->out.room > 4096) { free(c->out.bytes); c->out = (buffer){0}; }
}
static void close_client(client *c, int is_reset) {
  if (c->fd < 0) return;
  struct linger reset = {1, 0};
  if (is_reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  secured_end(&c->tls, is_reset);
  close(c->fd); c->fd = -1; free(c->in.bytes); free(c->out.bytes);
  c->in = c->out = (buffer){0}; c->out_from = 0;
}
static void take(client *c, const uint8_t *packet, size_t header, size_t length) {
  int type = packet[0] >> 4;
  answers[type]++; last_progress = now();
  if (type == CONNACK && packet[header + 1]) FATAL("a client was refused: %d", packet[header + 1]);
  if (type == CONNACK) {
    double ms = (last_progress - c->began) / 1e6; if (ms > slowest_ms) slowest_ms = ms;
    c->is_in = 1; resumed += was_resumed(&c->tls);
  }
  if (type != PUBLISH || !(packet[0] & 6)) return;
  size_t topic = packet[header] << 8 | packet[header + 1];
  uint8_t puback[4] = {0x40, 2, packet[header + 2 + topic], packet[header + 3 + topic]};
  put(&c->out, puback, 4);
}
static uint8_t read_into[1 << 20];
static void read_from(client *c) {
  ssize_t count = carry_in(c, read_into, sizeof read_into);
  if (count < 0 && errno == EAGAIN) { if (is_secured(&c->tls)) flush(c); return; }
  if (count <= 0) { closed_by_server++; close_client(c, 0); return; }
  const uint8_t *bytes = read_into; size_t length = count;
  if (c->in.length) { put(&c->in, read_into, count); bytes = c->in.bytes; length = c->in.length; }
  size_t at = 0;
  while (length - at >= 2) {
    size_t rest = 0, header = 1; int shift = 0, more = 1;
    while (more && at + header < length) { uint8_t b = bytes[at + header++]; rest |= (size_t)(b & 127) << shift; shift += 7; more = b & 128; }
    if (more || length - at < header + rest) break;
    take(c, bytes + at, header, rest); at += header + rest;
  }
  buffer left = {0};
  if (at < length) put(&left, bytes + at, length - at);
  free(c->in.bytes); c->in = left;
  flush(c);
}
static void serve(int ms) {
  struct epoll_event events[512];
  int count = epoll_wait(epoll, events, 512, ms);
  for (int index = 0; index < count; index++) {
    client *c = events[index].data.ptr;
    if (c->fd < 0) continue;
    if (events[index].events & EPOLLOUT) { flush(c); watch(c); }
    if (events[index].events & (EPOLLIN | EPOLLERR | EPOLLHUP) && c->fd >= 0) read_from(c);
  }
}
static void serve_for(double seconds) { uint64_t end = now() + seconds * SECOND; while (now() < end) serve(5); }
// Until so many packets of the type have come, or nothing has for eight seconds.
static int await(int type, long count) {
  uint64_t end = now() + wait_seconds * SECOND; last_progress = now();
  while (answers[type] < count && now() < end && now() - last_progress < 8 * SECOND) serve(5);
  return answers[type] >= count;
}
static int has_short_segments, is_at_once;
static void open_client(client *c, int number) {
  int one = 1, segment = 1400; c->began = now(); c->is_in = c->is_stalled = 0;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) FATAL("socket: %s (ulimit -n)", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  // As on a network: on loopback the kernel keeps megabytes for each client that does not read.
  if (has_short_segments) setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  if (is_at_once) fcntl(c->fd, F_SETFL, O_NONBLOCK);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + number / 5000)};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(tls_port ? tls_port : port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(c->fd, (void *)&from, sizeof from) || connect(c->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) FATAL("connect: %s", strerror(errno));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
  if (tls_port) secured_begin(&c->tls, c->fd);
}
static void begin_client(int number, int clean) { char id[32]; sprintf(id, "crowd-%d", number); client *c = &clients[number]; open_client(c, number); put_connect(&c->out, id, clean, NULL, 0); flush(c); }
static void connect_all(int clean, int will_bytes, int expiry) {
  for (int number = 0; number < client_count; number++) {
    char id[32], topic[32]; sprintf(id, "crowd-%d", number); sprintf(topic, "will/%d", number);
    will_of will = {topic, will_bytes};
    client *c = &clients[number];
    open_client(c, number);
    put_connect(&c->out, id, clean, will_bytes ? &will : NULL, expiry); flush(c);
    while (number + 1 - answers[CONNACK] > CONNECTING_MAX) serve(5);
  }
  if (!await(CONNACK, client_count)) FATAL("not all clients were let in");
  answers[CONNACK] = 0;
}
static void each_sends(void (*make)(buffer *, int)) {
  for (int number = 0; number < client_count; number++) { client *c = &clients[number]; if (c->fd < 0) continue; make(&c->out, number); flush(c); if (number % 64 == 0) serve(0); }
}
static void one_sends(int number, void (*make)(buffer *, int), int times) { client *c = &clients[number]; for (int i = 0; i < times; i++) make(&c->out, i); flush(c); }
static void reset_all(void) { for (int number = 0; number < client_count; number++) if (!clients[number].is_listener) close_client(&clients[number], 1); }

// All connect, so many at a time; who has no CONNACK in time gives up and comes again.
static void all_connect(int clean, int many) {
  int next = 0; uint64_t looked = now(), end = looked + wait_seconds * SECOND;
  is_at_once = many >= client_count;
  while (answers[CONNACK] < client_count && now() < end) {
    for (; next < client_count && next - answers[CONNACK] < many; next++) { begin_client(next, clean); if (next % 64 == 0) serve(0); }
    serve(5);
    if (now() - looked < SECOND / 10) continue;
    looked = now();
    for (int number = 0; number < next; number++) {
      client *c = &clients[number];
      if (c->is_in || c->fd >= 0 && looked - c->began < GIVE_UP_SECONDS * SECOND) continue;
      gave_up++; close_client(c, 0); begin_client(number, clean);
    }
  }
}

// ------------------------------------------------------------------------------------------------ filters and packets of the storms
static void device_filter(char *f, int client, int index) { sprintf(f, "site/%d/dev/%d/+/status", client, index); }
static void fan_filter(char *f, int client, int index) { strcpy(f, "fan"); }
static void away_filter(char *f, int client, int index) { strcpy(f, "away/#"); }
static void will_filter(char *f, int client, int index) { strcpy(f, "will/#"); }
static void tele_filter(char *f, int client, int index) { strcpy(f, "tele/#"); }
static void group_filter(char *f, int client, int index) { sprintf(f, "$share/g%d-%d/shared", client, index); }
static void deep_filter(char *f, int client, int index) { // 60 levels, each "a" or "+"
  uint32_t bits = 2654435761u * (index + 1), more = 40503u * (index + 7) + bits;
  char *at = f;
  for (int level = 0; level < 59; level++) { uint32_t from = level < 30 ? bits >> level % 30 : more >> level % 30; *at++ = from & 1 ? 'a' : '+'; *at++ = '/'; }
  sprintf(at, "%d", index);
}
static void long_filter(char *f, int client, int index) { // 128 levels that nobody else has
  char *at = f + sprintf(f, "%d/%d", client, index);
  for (int level = 2; level < 128; level++) at += sprintf(at, "/%d", level % 10);
}
static void make_half_ping(buffer *b, int number) { put8(b, 0xC0); }
static void make_other_half(buffer *b, int number) { put8(b, 0); }
static void make_subscribe(buffer *b, int number) { put_filters(b, 0, number, 0, filter_count, device_filter); }
static void make_unsubscribe(buffer *b, int number) { put_filters(b, 1, number, 0, filter_count, device_filter); }
static void make_tele0(buffer *b, int number) { char t[32]; sprintf(t, "tele/%d", number); put_publish(b, t, 0, payload_bytes); }
static void make_tele1(buffer *b, int number) { char t[32]; sprintf(t, "tele/%d", number); put_publish(b, t, 1, payload_bytes); }
static void make_fan_subscribe(buffer *b, int number) { put_filters(b, 0, number, 0, 1, fan_filter); }
static void make_fan(buffer *b, int number) { put_publish(b, "fan", 0, payload_bytes); }
static void make_away_subscribe(buffer *b, int number) { put_filters(b, 0, number, 0, 1, away_filter); }
static void make_away(buffer *b, int number) { char t[32]; sprintf(t, "away/%d", number); put_publish(b, t, 1, payload_bytes); }
static void make_group_subscribe(buffer *b, int number) { for (int from = 0; from < 1000; from += 100) put_filters(b, 0, number, from, 100, group_filter); }
static void make_stall_subscribe(buffer *b, int number) { const uint8_t subscribe[] = {0x82, 10, 0, 1, 0, 5, 's', 't', 'a', 'l', 'l', 0}; put(b, subscribe, sizeof subscribe); }
static void make_stall(buffer *b, int number) { put_publish(b, "stall", 0, payload_bytes); }
static void own_filter(char *f, int client, int index) { sprintf(f, "own/%d", client); }
static void make_own_subscribe(buffer *b, int number) { put_filters(b, 0, number, 0, 1, own_filter); }
static void make_own(buffer *b, int number) { char t[32]; sprintf(t, "own/%d", number); put_publish(b, t, 1, payload_bytes); }
static void make_disconnect(buffer *b, int number) { put8(b, 0xE0); put8(b, 0); }
static void make_shared(buffer *b, int number) { put_publish(b, "shared", 0, payload_bytes); }
static void make_deep(buffer *b, int number) { buffer t = {0}; for (int level = 0; level < 59; level++) put(&t, "a/", 2); char end[16]; sprintf(end, "x%d", number); put(&t, end, strlen(end) + 1); put_publish(b, (char *)t.bytes, 1, payload_bytes); free(t.bytes); }
static void make_deep_subscribe(buffer *b, int number) { put_filters(b, 0, 0, number * 90, 90, deep_filter); }
static void make_long_subscribe(buffer *b, int number) { for (int from = 0; from < filter_count; from += 200) put_filters(b, 0, number, from, 200, long_filter); }
static void make_stranger(buffer *b, int number) { const uint8_t begun[] = {0x10, 200, 1, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60}; put(b, begun, sizeof begun); }

static void listen_to(filter_namer *name) {
  client *c = &clients[client_count]; char id[16] = "listener";
  c->is_listener = 1;
  open_client(c, client_count);
  put_connect(&c->out, id, 1, NULL, 0); put_filters(&c->out, 0, 0, 0, 1, name); flush(c);
  if (!await(SUBACK, 1)) FATAL("the listener cannot subscribe");
  memset(answers, 0, sizeof answers);
}

// ------------------------------------------------------------------------------------------------ the storms
// Of the server: KB that it has, the most that it had since the last call, milliseconds of processor time.
static struct { long kb, peak_kb; double cpu_ms; } before, after;
static long status_kb(const char *name) {
  char path[64], line[256]; long kb = 0; sprintf(path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r"); if (!file) return 0;
  while (fgets(line, sizeof line, file)) if (!strncmp(line, name, strlen(name))) kb = atol(line + strlen(name) + 1);
  fclose(file); return kb;
}
static double cpu_ms(void) {
  char path[64]; long user = 0, system = 0; sprintf(path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r"); if (!file) return 0;
  if (fscanf(file, "%*d %*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) < 2) user = 0;
  fclose(file); return (user + system) * 1000.0 / sysconf(_SC_CLK_TCK);
}
static void forget_peak(void) { char path[64]; sprintf(path, "/proc/%d/clear_refs", pid); FILE *file = pid ? fopen(path, "w") : NULL; if (file) { fputs("5", file); fclose(file); } }

static void begin_figures(void) {
  static int has_begun;
  pthread_t probe;
  if (!has_begun++) { pthread_create(&pair, NULL, run_pair, NULL); pthread_create(&probe, NULL, run_probe, NULL); }
  serve_for(1.5);
  memset(answers, 0, sizeof answers);
  slowest_ms = gave_up = resumed = 0; forget_peak(); before.kb = status_kb("VmRSS"); before.cpu_ms = cpu_ms();
  pthread_mutex_lock(&taken_lock); taken.count = 0; probe_worst_ms = probes = probes_failed = 0; figures_from = now(); pthread_mutex_unlock(&taken_lock);
}
static long expected, came; static double lasted;
static void answered(uint64_t began, int type, long count) { await(type, count); expected = count; came = answers[type]; lasted = (last_progress - began) / 1e9; }
static void subscribe_all(void (*make)(buffer *, int), long subacks) {
  for (int number = 0; number < client_count; number++) {
    make(&clients[number].out, number); flush(&clients[number]);
    while ((number + 1) * (subacks / client_count) - answers[SUBACK] > 2000) serve(5);
    serve(0);
  }
  if (!await(SUBACK, subacks)) FATAL("not all subscriptions were granted: %ld of %ld", answers[SUBACK], subacks);
}
static int is(const char *name) { return !strcmp(storm_name, name); }

static void run_storm(void) {
  uint64_t began;
  if (is("connect")) {
    begin_figures(); began = now();
    for (int number = 0; number < client_count; number++) { char id[32]; sprintf(id, "crowd-%d", number); open_client(&clients[number], number); put_connect(&clients[number].out, id, 1, NULL, 0); flush(&clients[number]); if (number % 64 == 0) serve(0); }
    return answered(began, CONNACK, client_count);
  }
  if (is("tls") || is("tlsresumed")) {
    if (is("tlsresumed")) { // the first time in order; who comes again has a ticket
      all_connect(1, 50); serve_for(0.5);
      for (int number = 0; number < client_count; number++) close_client(&clients[number], 0);
      serve_for(2); memset(answers, 0, sizeof answers);
    }
    begin_figures(); began = now(); all_connect(1, at_a_time ? at_a_time : client_count);
    return answered(began, CONNACK, client_count);
  }
  if (is("strangers")) {
    for (int number = 0; number < client_count; number++) open_client(&clients[number], number);
    begin_figures(); began = now(); each_sends(make_stranger);
    uint64_t end = now() + 20 * SECOND;
    while (closed_by_server < client_count && now() < end) serve(5);
    expected = client_count; came = closed_by_server; lasted = (now() - began) / 1e9;
    return;
  }
  if (is("drain")) { // each has 20 messages waiting, and all come back at once
    connect_all(0, 0, 0); subscribe_all(make_own_subscribe, client_count);
    each_sends(make_disconnect); serve_for(1); for (int number = 0; number < client_count; number++) close_client(&clients[number], 0);
    client *c = &clients[client_count]; c->is_listener = 1; open_client(c, client_count); put_connect(&c->out, "publisher", 1, NULL, 0); flush(c);
    memset(answers, 0, sizeof answers); if (!await(CONNACK, 1)) FATAL("the publisher was not let in");
    for (long sent = 0; sent < 20l * client_count; sent++) {
      make_own(&c->out, sent % client_count);
      if (sent % 500 == 499) { flush(c); if (!await(PUBACK, sent - 500)) FATAL("messages were not taken"); }
    }
    flush(c); if (!await(PUBACK, 20l * client_count)) FATAL("messages were not taken");
    begin_figures(); began = now(); all_connect(0, client_count);
    return answered(began, PUBLISH, 20l * client_count);
  }
  if (is("stalled")) { // nobody of the crowd reads; messages of 10 KB come for all of them, a hundred in a second
    has_short_segments = 1; connect_all(1, 0, 0); subscribe_all(make_stall_subscribe, client_count);
    for (int number = 0; number < client_count; number++) { clients[number].is_stalled = 1; watch(&clients[number]); }
    client *c = &clients[client_count]; c->is_listener = 1; has_short_segments = 0; open_client(c, client_count); put_connect(&c->out, "publisher", 1, NULL, 0); flush(c);
    memset(answers, 0, sizeof answers); if (!await(CONNACK, 1)) FATAL("the publisher was not let in");
    begin_figures(); began = now();
    for (int sent = 0; sent < filter_count; sent++) { make_stall(&c->out, sent); flush(c); serve_for(0.01); }
    lasted = (now() - began) / 1e9; serve_for(2);
    expected = client_count; came = client_count - closed_by_server;
    return;
  }
  int is_away = is("away"), is_expiry = is("expiry"), wills = is("wills") ? payload_bytes : is("bigwills") ? 60000 : 0;
  connect_all(!is_away && !is_expiry, wills, is_expiry ? 4 : 0);
  if (is("ready")) {
    begin_figures(); began = now(); each_sends(make_half_ping); serve_for(1); each_sends(make_other_half);
    return answered(began, PINGRESP, client_count);
  }
  if (is("subscribe")) { begin_figures(); began = now(); each_sends(make_subscribe); return answered(began, SUBACK, client_count); }
  if (is("unsubscribe")) { subscribe_all(make_subscribe, client_count); begin_figures(); began = now(); each_sends(make_unsubscribe); return answered(began, UNSUBACK, client_count); }
  if (is("publish0")) { listen_to(tele_filter); begin_figures(); began = now(); each_sends(make_tele0); return answered(began, PUBLISH, client_count); }
  if (is("publish1")) { listen_to(tele_filter); begin_figures(); began = now(); each_sends(make_tele1); await(PUBACK, client_count); return answered(began, PUBLISH, client_count); }
  if (wills) { listen_to(will_filter); begin_figures(); began = now(); reset_all(); return answered(began, PUBLISH, client_count); }
  if (is("leave")) { begin_figures(); began = now(); reset_all(); serve_for(3); return; }
  if (is("fan")) { subscribe_all(make_fan_subscribe, client_count); begin_figures(); began = now(); one_sends(0, make_fan, 1); return answered(began, PUBLISH, client_count); }
  if (is("flood")) {
    begin_figures(); began = now(); uint64_t end = began + 4 * SECOND;
    for (int number = 0; now() < end;) { client *c = &clients[0]; while (c->out.length < 200000) make_tele0(&c->out, number++ % 1000); flush(c); serve(0); }
    lasted = (now() - began) / 1e9; return;
  }
  if (is("match")) {
    one_sends(0, make_deep_subscribe, 111); if (!await(SUBACK, 111)) FATAL("not all filters were taken");
    begin_figures(); began = now(); one_sends(1, make_deep, 64); return answered(began, PUBACK, 64);
  }
  if (is("groups")) { subscribe_all(make_group_subscribe, client_count * 10l); begin_figures(); began = now(); one_sends(0, make_shared, 33); return answered(began, PUBLISH, 33l * 1000 * client_count); }
  if (is("away")) {
    subscribe_all(make_away_subscribe, client_count); reset_all();
    listen_to(fan_filter); begin_figures(); began = now();
    client *c = &clients[client_count]; for (int i = 0; i < 200; i++) make_away(&c->out, i); flush(c);
    return answered(began, PUBACK, 200);
  }
  if (is("expiry")) { begin_figures(); began = now(); reset_all(); serve_for(7); return; }
  if (is("long")) { subscribe_all(make_long_subscribe, client_count * (filter_count / 200l)); begin_figures(); began = now(); reset_all(); serve_for(5); return; }
  if (is("resubscribe")) {
    begin_figures(); began = now(); uint64_t end = began + 5 * SECOND; long asked = client_count; each_sends(make_subscribe);
    while (now() < end) { await(asked / client_count % 2 ? SUBACK : UNSUBACK, (asked / client_count + 1) / 2 * client_count); each_sends(asked / client_count % 2 ? make_unsubscribe : make_subscribe); asked += client_count; if (asked / client_count % 2 == 0) await(UNSUBACK, asked / client_count / 2 * client_count); }
    lasted = (now() - began) / 1e9; came = asked; return;
  }
  FATAL("there is no storm \"%s\"", storm_name);
}

static int by_size(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "p:n:s:f:b:w:q:c:i:g:")) != -1) switch (option) {
    case 'p': port = atoi(optarg); break;
    case 'n': client_count = atoi(optarg); break;
    case 's': storm_name = optarg; break;
    case 'f': filter_count = atoi(optarg); break;
    case 'b': payload_bytes = atoi(optarg); break;
    case 'w': wait_seconds = atoi(optarg); break;
    case 'q': tls_port = atoi(optarg); break;
    case 'c': at_a_time = atoi(optarg); break;
    case 'i': pid = atoi(optarg); break;
    case 'g': settle_seconds = atof(optarg); break;
    default: FATAL("usage: storm -p port -s storm [-n clients] [-f filters] [-b payload bytes] [-w seconds]");
  }
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files; getrlimit(RLIMIT_NOFILE, &files); files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files);
  clients = calloc(client_count + 1, sizeof *clients); epoll = epoll_create1(0);
  for (int number = 0; number <= client_count; number++) clients[number].fd = -1;
  run_storm();
  after.cpu_ms = cpu_ms();
  serve_for(settle_seconds);
  after.kb = status_kb("VmRSS"); after.peak_kb = status_kb("VmHWM");
  pair_stops = 1;
  pthread_join(pair, NULL); // with the last message
  pthread_mutex_lock(&taken_lock);
  qsort(taken.ms, taken.count, sizeof(double), by_size);
  int last = taken.count - 1;
  printf("{\"storm\":\"%s\",\"clients\":%d,\"messages\":%d,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"worst_ms\":%.1f,\"connect_ms\":%.1f,\"failed_connects\":%d,\"came\":%ld,\"expected\":%ld,\"seconds\":%.2f,"
    "\"slowest_ms\":%.0f,\"gave_up\":%ld,\"resumed\":%ld,\"before_kb\":%ld,\"peak_kb\":%ld,\"after_kb\":%ld,\"cpu_ms\":%.0f}\n",
    storm_name, client_count, taken.count, last < 0 ? -1 : taken.ms[last / 2], last < 0 ? -1 : taken.ms[(int)(last * .99)], last < 0 ? -1 : taken.ms[last], probe_worst_ms, probes_failed, came, expected, lasted,
    slowest_ms, gave_up, resumed, before.kb, after.peak_kb, after.kb, after.cpu_ms - before.cpu_ms);
  return 0;
}
