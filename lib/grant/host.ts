/**
 * The one form of a host name or address that a grant may hold. Everything else is refused rather than repaired, so
 * that two spellings of one host never differ between the grant, the request and the certificate.
 */

/** RFC 1035 §2.3.4. */
const MAX_HOST = 253;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const OCTET = "(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);

/** True for four decimal octets without leading zeros; no other spelling of an address is accepted anywhere. */
export function isIpv4(host: string): boolean {
  return IPV4.test(host);
}

/** True for an IPv6 address without brackets, zone or embedded IPv4, in the form of RFC 5952. */
export function isIpv6(host: string): boolean {
  if (!/^[0-9a-f:]{2,39}$/.test(host) || !host.includes(":")) return false;
  // An IPv4-mapped address is a second spelling of the IPv4 address.
  if (/^::ffff:/.test(host)) return false;
  try {
    return new URL(`http://[${host}]/`).hostname === `[${host}]`;
  } catch {
    return false;
  }
}

/** True if `host` is an address rather than a name. */
export function isAddress(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}

/** What is wrong with `host` as a grant's host, as a phrase, or null if it is sound. */
export function hostFault(host: string, suffix: boolean): string | null {
  if (host === "") return "it is empty";
  if (host.length > MAX_HOST) return `it is longer than ${MAX_HOST} characters`;
  if (isAddress(host)) return suffix ? "an address has nothing below it" : null;
  if (/[A-Z]/.test(host)) return "it must be in lower case";
  // deno-lint-ignore no-control-regex -- the point is to find anything that is not printable ASCII
  if (/[^\x00-\x7f]/.test(host)) return "an international name is refused, since look-alikes cannot be told apart";
  if (host.includes("@")) return "user information does not belong into a host";
  if (host.endsWith(".")) return "it ends in a dot";
  const labels = host.split(".");
  if (!labels.every((label) => LABEL.test(label))) return "a label is not made of letters, digits and inner hyphens";
  if (labels.some((label) => label.startsWith("xn--"))) return "an international name is refused, even encoded";
  // WHATWG URL, "ends in a number": such a name would be read as an address, in octal or hexadecimal too.
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) return "it reads like an address in an unusual spelling";
  if (suffix && labels.length < 2) return "a whole top-level domain is too wide";
  return null;
}
