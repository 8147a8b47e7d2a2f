import { describe, expect, it } from 'vitest';
import { readConsoleConfig } from '../../src/config/console.ts';

describe("the console's configuration", () => {
  it('listens on loopback alone and has no token unless told otherwise', () => {
    expect(readConsoleConfig({})).toEqual({
      host: '127.0.0.1',
      port: 9465,
      allowedHosts: [],
      token: undefined,
    });
  });

  it('takes what the environment says', () => {
    const config = readConsoleConfig({
      TOPSHELF_CONSOLE_HOST: '0.0.0.0',
      TOPSHELF_CONSOLE_PORT: '0',
      TOPSHELF_CONSOLE_ALLOWED_HOSTS: ' Console.shop.internal, [fd00::7]',
      TOPSHELF_CONSOLE_TOKEN: 'sixteen-letters!',
    });
    expect(config).toEqual({
      host: '0.0.0.0',
      port: 0,
      allowedHosts: ['console.shop.internal', '[fd00::7]'],
      token: 'sixteen-letters!',
    });
  });

  it('refuses what cannot be meant, all at once, and never shows a token', () => {
    const read = () =>
      readConsoleConfig({
        TOPSHELF_CONSOLE_PORT: '65536',
        TOPSHELF_CONSOLE_ALLOWED_HOSTS: 'https://console.shop.internal/',
        TOPSHELF_CONSOLE_TOKEN: 'too-short-token',
      });
    expect(read).toThrow('TOPSHELF_CONSOLE_PORT must be a whole number from 0 to 65535, got "65536"');
    expect(read).toThrow('TOPSHELF_CONSOLE_ALLOWED_HOSTS must be host names without a port');
    expect(read).toThrow('TOPSHELF_CONSOLE_TOKEN must be at least 16 characters without spaces');
    expect(read).not.toThrow('too-short-token');
    expect(() => readConsoleConfig({ TOPSHELF_CONSOLE_TOKEN: 'with a space in its midst' })).toThrow(
      'spaces',
    );
  });
});
