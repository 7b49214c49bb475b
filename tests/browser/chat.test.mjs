// Two people talk in two browsers: alice by WebSocket, bob by polling only.
//
// Environment: CHAT_URL (the running chat), SCREENSHOTS (a folder), CHROMIUM (the executable).
// The demo users must exist: `python manage.py create_demo_users`.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const CHAT_URL = process.env.CHAT_URL ?? "http://127.0.0.1:8000";
const SCREENSHOTS = process.env.SCREENSHOTS ?? "screenshots";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PASSWORD = "two-tin-cans";

let browser;
let alice;
let bob;
let ROOM;

before(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  alice = await signIn("alice", { colorScheme: "light" }, "/");
  bob = await signIn("bob", { colorScheme: "dark" }, "/?transport=polling");
  // A room of its own, so that the test can run again on the same database.
  ROOM = `Launch ${(await roomLink(alice, /^Launch \d+$/).count()) + 1}`;
});

after(() => browser?.close());

test("the page shows the transport, and its upgrade", async () => {
  await connection(alice, "WebSocket").waitFor();
  await connection(bob, "Polling").waitFor();
});

test("both are online", async () => {
  for (const page of [alice, bob]) {
    await page.locator(".person", { hasText: "alice" }).waitFor();
    await page.locator(".person", { hasText: "bob" }).waitFor();
  }
});

test("a link is a link, and anything else is text", async () => {
  await say(bob, "Look at https://example.org/launch.");
  const link = message(alice, "Look at").last().getByRole("link");
  assert.equal(await link.getAttribute("href"), "https://example.org/launch");
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer nofollow");
  const markup = "<b>Bold</b> <img src=x onerror=alert(1)> javascript:alert(1)";
  await say(bob, markup);
  await message(alice, markup).last().waitFor();
  assert.equal(await message(alice, markup).locator("b, img, a").count(), 0);
});

test("shift and enter start a new line", async () => {
  await composer(alice).pressSequentially("First line");
  await composer(alice).press("Shift+Enter");
  await composer(alice).pressSequentially("second line");
  await composer(alice).press("Enter");
  const arrived = message(bob, "First line").last();
  assert.equal(await arrived.locator(".message-text").textContent(), "First line\nsecond line");
});

test("a new room appears on every page, and is empty", async () => {
  await alice.getByRole("button", { name: "New room" }).click();
  await alice.getByLabel("Name").fill(ROOM);
  await alice.getByLabel("Topic").fill("Everything about Thursday.");
  await alice.getByRole("button", { name: "Create room" }).click();
  await alice.getByRole("heading", { name: ROOM }).waitFor();
  await alice.getByText(`Nothing in ${ROOM} yet`).waitFor();
  await connection(alice, "WebSocket").waitFor();
  await roomLink(bob, ROOM).waitFor();
});

test("a message is sent to nobody, and delivered to whoever comes later", async () => {
  await say(alice, "Morning! Is everything ready for Thursday?");
  await message(alice, "Is everything ready", "sent").waitFor();
  await roomLink(bob, ROOM).click();
  await message(bob, "Is everything ready").waitFor();
  await message(alice, "Is everything ready", "delivered").waitFor();
});

test("messages go both ways and are delivered", async () => {
  await say(bob, "Nearly. The notes are at https://example.org/launch");
  await message(alice, "Nearly.").waitFor();
  await message(bob, "Nearly.", "delivered").waitFor();
  await say(alice, "Thank you! I will read them over lunch.");
  await message(bob, "over lunch").waitFor();
  await message(alice, "over lunch", "delivered").waitFor();
});

test("each sees the other one writing, until the message is there", async () => {
  for (const [name, writer, reader, text] of [
    ["alice", alice, bob, "One more thing: shall I bring cake?"],
    ["bob", bob, alice, "Always bring cake."],
  ]) {
    await composer(writer).pressSequentially(text);
    const indicator = reader.locator('#typing[data-active="true"]');
    await indicator.getByText(`${name} is writing…`).waitFor();
    await composer(writer).press("Enter");
    await message(reader, text).waitFor();
    await indicator.waitFor({ state: "detached" });
  }
});

test("in another room one learns that there is news, and finds it", async () => {
  await roomLink(bob, "General").click();
  await bob.getByRole("heading", { name: "General" }).waitFor();
  await alice.locator(".person", { hasText: "bob" }).getByText("in General").waitFor();
  await say(alice, "Good. We also need candles.");
  await roomLink(bob, ROOM).getByRole("img", { name: "New messages" }).waitFor();
  assert.equal(await message(bob, "candles").count(), 0);
  assert.equal(await message(alice, "candles").getAttribute("data-state"), "sent");
  await roomLink(bob, ROOM).click();
  await message(bob, "candles").waitFor();
  await message(alice, "candles", "delivered").waitFor();
  await roomLink(bob, ROOM).getByRole("img").waitFor({ state: "detached" });
});

test("what is written without a connection is kept, and sent once", async () => {
  await bob.context().setOffline(true);
  await bob.locator('#connection[data-state="reconnecting"]').waitFor();
  await bob.getByRole("alert").getByText("Connection lost").waitFor();
  await say(bob, "Candles it is.");
  await message(bob, "Candles it is.", "pending").waitFor();
  await bob.context().setOffline(false);
  await connection(bob, "Polling").waitFor();
  await message(alice, "Candles it is.").waitFor();
  await message(bob, "Candles it is.", "delivered").waitFor();
  assert.equal(await message(bob, "Candles it is.").count(), 1);
  assert.equal(await message(alice, "Candles it is.").count(), 1);
});

test("the history is there after a reload, in order and with its ticks", async () => {
  const texts = await alice.locator(".message-text").allTextContents();
  await alice.reload();
  await message(alice, "Candles it is.").waitFor();
  assert.deepEqual(await alice.locator(".message-text").allTextContents(), texts);
  await message(alice, "candles.", "delivered").waitFor();
  await connection(alice, "WebSocket").waitFor();
});

test("it looks good in the light, in the dark and on a phone", async () => {
  await composer(bob).pressSequentially("See you on");
  await alice.locator('#typing[data-active="true"]').waitFor();
  await screenshot(alice, "django-chat-light.png");
  await screenshot(bob, "django-chat-dark.png");
  await alice.setViewportSize({ width: 390, height: 844 });
  await alice.getByRole("button", { name: "Rooms" }).waitFor();
  assert.equal(await alice.locator("#rooms-panel").isVisible(), false);
  const page = await alice.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
  assert.equal(page[0], page[1], "the page is not wider than the phone");
  await screenshot(alice, "django-chat-phone.png");
});

test("signing out ends every window of the session", async () => {
  const second = await bob.context().newPage();
  await second.goto(`${CHAT_URL}/rooms/general/`);
  await connection(second, "WebSocket").waitFor();
  await bob.getByRole("button", { name: "Sign out" }).click();
  await bob.getByRole("heading", { name: "Sign in" }).waitFor();
  await second.getByText("Your session has ended. Please sign in again.").waitFor();
  await alice.locator('#people-count-badge', { hasText: /^1$/ }).waitFor();
});

async function signIn(name, appearance, path) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...appearance,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(`${name}'s page: ${error.stack}`));
  await page.goto(`${CHAT_URL}${path}`);
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('#connection[data-state="connected"]').waitFor();
  return page;
}

async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

async function screenshot(page, name) {
  await page.screenshot({ path: join(SCREENSHOTS, name), animations: "disabled" });
}

function composer(page) {
  return page.getByLabel("Message", { exact: true });
}

function connection(page, transport) {
  return page.locator('#connection[data-state="connected"]').getByText(transport, { exact: true });
}

function message(page, text, state) {
  const selector = state ? `.message[data-state="${state}"]` : ".message";
  return page.locator(selector, { hasText: text });
}

function roomLink(page, name) {
  return page.locator(".room-link", { has: page.getByText(name, { exact: true }) });
}
