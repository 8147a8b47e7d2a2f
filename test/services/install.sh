#!/usr/bin/env bash
# Installs what the tests against real services need: ZooKeeper, Chromium and Prometheus (Debian packages), DynamoDB Local
# (Maven), the S3-compatible server versitygw (Go), toxiproxy (Go), moto and schemathesis (PyPI), all but the first two into
# the git-ignored folder .services/. Run as root on Debian.
# What is there already is left alone, so a second run is quick.
set -euo pipefail

VERSITYGW_VERSION=v1.8.0
TOXIPROXY_VERSION=v2.12.0
MOTO_VERSION=5.2.5
SCHEMATHESIS_VERSION=4.32.5
here=$(cd "$(dirname "$0")" && pwd)
services=$(cd "$here/../.." && pwd)/.services

need() {
  command -v "$1" >/dev/null || {
    echo "install.sh: $1 is missing; it is needed for $2" >&2
    exit 1
  }
}

mkdir -p "$services"

if [ -e /usr/share/java/zookeeper.jar ]; then
  echo "ZooKeeper: already installed"
else
  need apt-get "ZooKeeper"
  echo "ZooKeeper: installing the Debian package"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends zookeeper >/dev/null
fi

if [ -x "$services/prometheus/promtool" ]; then
  echo "Prometheus: already installed"
else
  need apt-get "Prometheus"
  need dpkg-deb "Prometheus"
  echo "Prometheus: unpacking the Debian package"
  # Unpacked and not installed: installing it starts a service, which nobody would stop.
  unpacked=$(mktemp -d)
  apt-get update -qq
  (cd "$unpacked" && apt-get download -qq -o APT::Sandbox::User=root prometheus)
  dpkg-deb -x "$unpacked"/prometheus_*.deb "$unpacked/files"
  mkdir -p "$services/prometheus"
  cp "$unpacked/files/usr/bin/prometheus" "$unpacked/files/usr/bin/promtool" "$services/prometheus/"
  rm -rf "$unpacked"
fi

if command -v chromium >/dev/null; then
  echo "Chromium: already installed"
else
  need apt-get "Chromium"
  echo "Chromium: installing the Debian package"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi

# The pom that was installed is kept beside the jars: another version in it means another install.
if cmp -s "$here/pom.xml" "$services/dynamodb/pom.xml"; then
  echo "DynamoDB Local: already installed"
else
  need java "DynamoDB Local (Java 17 or later)"
  need mvn "DynamoDB Local"
  echo "DynamoDB Local: copying its jars with Maven"
  rm -rf "$services/dynamodb"
  mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$services/dynamodb"
  cp "$here/pom.xml" "$services/dynamodb/pom.xml"
fi

if [ -x "$services/bin/versitygw-$VERSITYGW_VERSION" ]; then
  echo "versitygw: already installed"
else
  need go "the S3-compatible server"
  echo "versitygw: building $VERSITYGW_VERSION with Go (some minutes)"
  mkdir -p "$services/bin"
  GOBIN="$services/bin" go install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
  mv "$services/bin/versitygw" "$services/bin/versitygw-$VERSITYGW_VERSION"
  ln -sf "versitygw-$VERSITYGW_VERSION" "$services/bin/versitygw"
fi

if [ -x "$services/bin/toxiproxy-$TOXIPROXY_VERSION" ]; then
  echo "toxiproxy: already installed"
else
  need go "toxiproxy"
  echo "toxiproxy: building $TOXIPROXY_VERSION with Go (a minute)"
  mkdir -p "$services/bin"
  # Go names it after its folder, server.
  GOBIN="$services/bin" go install "github.com/Shopify/toxiproxy/v2/cmd/server@$TOXIPROXY_VERSION"
  mv "$services/bin/server" "$services/bin/toxiproxy-$TOXIPROXY_VERSION"
  ln -sf "toxiproxy-$TOXIPROXY_VERSION" "$services/bin/toxiproxy"
fi

# The version is noted last: a folder without it is an install that was interrupted.
if [ "$(cat "$services/moto/version" 2>/dev/null)" = "$MOTO_VERSION" ]; then
  echo "moto: already installed"
else
  need python3 "moto"
  echo "moto: installing $MOTO_VERSION with pip (a minute)"
  rm -rf "$services/moto"
  python3 -m venv "$services/moto"
  # Not moto[server]: that brings what all of its services need, twice as much.
  "$services/moto/bin/pip" install -q --disable-pip-version-check "moto[s3,dynamodb]==$MOTO_VERSION" flask flask-cors
  echo "$MOTO_VERSION" >"$services/moto/version"
fi

if [ "$(cat "$services/schemathesis/version" 2>/dev/null)" = "$SCHEMATHESIS_VERSION" ]; then
  echo "schemathesis: already installed"
else
  need python3 "schemathesis"
  echo "schemathesis: installing $SCHEMATHESIS_VERSION with pip (a minute)"
  rm -rf "$services/schemathesis"
  python3 -m venv "$services/schemathesis"
  "$services/schemathesis/bin/pip" install -q --disable-pip-version-check "schemathesis==$SCHEMATHESIS_VERSION"
  echo "$SCHEMATHESIS_VERSION" >"$services/schemathesis/version"
fi
