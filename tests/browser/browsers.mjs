// Starts the browsers as their users have them, apart from what a test machine needs.
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.PORTHOLE_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.PORTHOLE_FIREFOX ?? '/usr/bin/firefox-esr';

// Without a GPU and a sandbox (tests run as root), and silent on the network but for the page itself.
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launchChromium = (extra = []) =>
  puppeteer.launch({
    browser: 'chrome',
    executablePath: CHROMIUM,
    headless: true,
    pipe: true,
    args: [...CHROMIUM_FLAGS, ...extra],
  });

// Preferences of WebRTC and of autoplay stay as Firefox ships them, apart from those of `prefs`.
export const launchFirefox = ({ prefs = {}, profile } = {}) =>
  puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath: FIREFOX,
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: {
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'app.normandy.enabled': false,
      'extensions.getAddons.cache.enabled': false,
      ...prefs,
    },
  });

export const LAUNCHERS = { chromium: launchChromium, firefox: launchFirefox };

export const PHONE = { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const DESKTOP = { width: 1280, height: 800 };
