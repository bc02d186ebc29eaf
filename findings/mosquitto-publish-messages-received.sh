#!/usr/bin/env bash
# mosquitto 2.0.11 (Debian 12: mosquitto, mosquitto-clients 2.0.11-1.2+deb12u2).
# One would think that $SYS/broker/publish/messages/received counts PUBLISH packets that clients send. It leaves out those of
# QoS 2 and those with RETAIN; publish/bytes/received beside it counts the payloads of all of them. So a mean size of messages
# that is made of both is too large, and a server that counts them all shows more messages than mosquitto.
# Exits with 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
broker=
trap 'kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT

cd "$folder"
for package in {mosquitto,mosquitto-clients,libmosquitto1}=2.0.11-1.2+deb12u2 \
  libcjson1 libdlt2 libev4 libuv1 libwebsockets17 libwrap0; do
  apt-get -qq download "$package" 2>/dev/null
done
for file in *.deb; do dpkg -x "$file" root; done
export PATH="$folder/root/usr/bin:$folder/root/usr/sbin:$PATH"
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(gcc -dumpmachine 2>/dev/null || echo x86_64-linux-gnu)"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\nsys_interval 1\n' "$port" >"$folder/conf"
{ mosquitto -h || true; } | sed -n 1p
mosquitto -c "$folder/conf" 2>/dev/null &
broker=$!
until mosquitto_sub -p "$port" -t ready -E 2>/dev/null; do
  kill -0 "$broker"
  sleep 0.05
done

received() {
  mosquitto_sub -p "$port" -t "\$SYS/broker/publish/$1/received" -C 1 -W 5 || true
}

# Messages and bytes, once as many bytes are told as were sent: both are told at once, each second.
counts() {
  local bytes=
  for _ in {1..200}; do
    bytes=$(received bytes)
    [ "$bytes" = "$1" ] && break
    sleep 0.05
  done
  echo "$(received messages) $bytes"
}

seen=
sent=0
for flags in "-q 0" "-q 1" "-q 2" "-q 0 -r"; do
  # shellcheck disable=SC2086 # the flags are several words
  for number in 1 2 3 4 5; do mosquitto_pub -p "$port" -t "a/$number" -m 1234567890 $flags; done
  sent=$((sent + 50))
  now=$(counts "$sent")
  echo "after five messages of ten bytes with $flags: messages and bytes received are $now"
  seen="$seen$now;"
done
test "$seen" = "5 50;10 100;10 150;10 200;"
