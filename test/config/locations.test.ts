import { describe, expect, it } from 'vitest';
import { parseArchiveLocation, parsePointerLocation } from '../../src/config/locations.ts';

describe('a location in S3', () => {
  it.each([
    ['s3://shop-predictions', 'shop-predictions', ''],
    ['s3://shop-predictions/', 'shop-predictions', ''],
    ['s3://shop.predictions/top/shelf', 'shop.predictions', 'top/shelf'],
    ['s3://shop-predictions//top//shelf//', 'shop-predictions', 'top/shelf'],
  ])('%s', (text, bucket, prefix) => {
    expect(parsePointerLocation(text)).toEqual({ kind: 's3', bucket, prefix });
    expect(parseArchiveLocation(text)).toEqual({ kind: 's3', bucket, prefix });
  });

  it.each([
    's3://',
    's3:///prefix',
    's3://ab',
    's3://Shop/prefix',
    's3://-shop',
    's3://shop_1',
    's3:/shop',
    'S3://shop',
  ])('is never %s', (text) => {
    expect(parsePointerLocation(text)).toBeUndefined();
    expect(parseArchiveLocation(text)).toBeUndefined();
  });
});

describe('a location in ZooKeeper', () => {
  it.each([
    ['zookeeper://h1:2181,h2:2181/topshelf', 'h1:2181,h2:2181', '/topshelf'],
    ['zookeeper://h1', 'h1', '/topshelf'],
    ['zookeeper://h1:2181/', 'h1:2181', '/'],
    ['zookeeper://h1:2181//shop//predictions/', 'h1:2181', '/shop/predictions'],
    ['zookeeper://[::1]:2181/shop', '[::1]:2181', '/shop'],
  ])('%s', (text, hosts, root) => {
    expect(parsePointerLocation(text)).toEqual({ kind: 'zookeeper', hosts, root });
  });

  it.each([
    'zookeeper://',
    'zookeeper:///topshelf',
    'zookeeper://h1,,h2/a',
    'zookeeper://h1, h2/a',
    'zookeeper://h1/a b',
  ])('is never %s', (text) => {
    expect(parsePointerLocation(text)).toBeUndefined();
  });

  it('is for pointers: an archive cannot be there', () => {
    expect(parseArchiveLocation('zookeeper://h1:2181/topshelf')).toBeUndefined();
  });
});

describe('a location on disk', () => {
  it.each([
    ['file:///', '/'],
    ['file:///var/lib/topshelf', '/var/lib/topshelf'],
    ['file:///var/lib/../topshelf', '/var/topshelf'],
    ['file:///with%20space', '/with space'],
    ['file:///with space', '/with space'],
    ['file:///100%25', '/100%'],
  ])('%s', (text, root) => {
    expect(parsePointerLocation(text)).toEqual({ kind: 'file', root });
    expect(parseArchiveLocation(text)).toEqual({ kind: 'file', root });
  });

  it.each(['file://host/share', 'file:relative', 'file://', '/var/lib/topshelf', 'var/lib', ''])(
    'is never %j: only an absolute path on this machine is one',
    (text) => {
      expect(parsePointerLocation(text)).toBeUndefined();
    },
  );

  it.each(['file:///a%2Fb', 'file:///100%', 'file:///a%FF', 'file:///a%00b'])(
    'is never %s, which names no path',
    (text) => {
      expect(parsePointerLocation(text)).toBeUndefined();
    },
  );

  it.each(['file:///data/shop#1', 'file:///data/shop?1'])(
    'is never %s, of which a URL would drop the end without a word',
    (text) => {
      expect(parsePointerLocation(text)).toBeUndefined();
    },
  );
});
