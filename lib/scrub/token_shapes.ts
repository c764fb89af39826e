/**
 * Shapes of the tokens that providers issue: a fixed beginning, an alphabet, a range of lengths. Data only; the search
 * and its defence against look-alikes are in shapes.ts. Beginnings stand in pieces where push protection would stumble.
 */

/** One shape. Lengths count the characters behind the beginning. */
export interface TokenShape {
  readonly kind: string;
  readonly begins: readonly string[];
  readonly alphabet: string;
  readonly least: number;
  readonly most: number;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
const ALNUM = UPPER + UPPER.toLowerCase() + DIGITS;
const URLSAFE = ALNUM + "_-";
const HEX = "0123456789abcdef";

export const TOKEN_SHAPES: readonly TokenShape[] = [
  shape("GitHub token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], ALNUM, 36, 255),
  shape("GitHub fine-grained token", ["github_pat_"], ALNUM + "_", 60, 255),
  shape("GitLab token", ["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-"], URLSAFE + ".", 20, 300),
  shape("OpenAI key", ["sk-proj-", "sk-svcacct-", "sk-admin-"], URLSAFE, 40, 250),
  shape("OpenAI-style key", ["sk-"], ALNUM, 32, 64),
  shape("OpenRouter key", ["sk-or-v1-"], HEX, 64, 64),
  shape("Anthropic key", ["sk-ant-"], URLSAFE, 40, 250),
  shape("Stripe live key", ["sk_live_", "rk_live_"], ALNUM, 24, 250),
  shape("Stripe webhook secret", ["whsec_"], ALNUM + "+/=", 32, 128),
  shape("AWS access key id", ["AKIA", "ASIA"], UPPER + "234567", 16, 16),
  shape("Slack token", ["xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xoxc-", "xoxd-"], ALNUM + "-%", 24, 300),
  shape("Slack app token", ["xapp-"], ALNUM + "-", 40, 200),
  shape("Slack webhook", ["hooks.slack.com/services/"], ALNUM + "/", 40, 60),
  shape("npm token", ["npm_"], ALNUM, 36, 36),
  shape("PyPI token", ["pypi-AgE"], URLSAFE, 50, 1000),
  shape("Google API key", ["AIza"], URLSAFE, 35, 35),
  shape("Google client secret", ["GOCSPX-"], URLSAFE, 28, 28),
  shape("SendGrid key", ["SG."], URLSAFE + ".", 60, 80),
  shape("Twilio API key", ["SK"], HEX, 32, 32),
  shape("Hugging Face token", ["hf_"], ALNUM, 34, 40),
  shape("DigitalOcean token", ["dop_v1_", "doo_v1_", "dor_v1_"], HEX, 64, 64),
  shape("Vault token", ["hvs."], URLSAFE, 80, 250),
  shape("age secret key", ["AGE-SECRET-KEY-1"], "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, 58),
];

function shape(kind: string, begins: string[], alphabet: string, least: number, most: number): TokenShape {
  return { kind, begins, alphabet, least, most };
}
