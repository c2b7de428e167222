import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';

/**
 * Whether the device shows USDZ files in its surroundings: AR Quick Look of iOS, iPadOS and
 * visionOS. https://webkit.org/blog/8421/viewing-augmented-reality-assets-in-safari-for-ios/
 *
 * Android's Scene Viewer is not offered: it fetches the file itself, by an address in an intent.
 * Whoever has a presigned link has the file, so another company's app would get the right to read
 * the user's mesh, and could log it.
 */
export function hasQuickLook(): boolean {
  try {
    return document.createElement('a').relList.supports('ar');
  } catch {
    return false;
  }
}

const cube =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="white" stroke-width="1.6" stroke-linejoin="round"%3E%3Cpath d="M12 2.8 20 7.4v9.2l-8 4.6-8-4.6V7.4zM4 7.4l8 4.6 8-4.6M12 12v9.2"/%3E%3C/svg%3E';

/**
 * The link that opens a USDZ in AR Quick Look, which follows it only if a picture is its only child;
 * the style sheet adds the text.
 */
export const quickLookLink = (url: string, name: string): HTMLAnchorElement =>
  h(
    'a',
    {
      rel: 'ar',
      href: url,
      download: name,
      class: 'button primary quick-look',
      'data-text': texts.takeaway.openInAr,
    },
    h('img', { src: cube, alt: texts.takeaway.openInAr, width: 20, height: 20 }),
  );
