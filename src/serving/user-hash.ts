/**
 * 32 bits of a user id: FNV-1a over its UTF-16 code units, then the finalizer of MurmurHash3, without which ids that
 * differ in their last digit only would lie side by side. Tells ids apart well and is no secret: whoever may choose ids
 * can choose some that collide, unless `seed` is unknown to them.
 */
export function hashUser(userId: string, seed: number): number {
  let bits = 0x811c9dc5 ^ seed;
  for (let at = 0; at < userId.length; at += 1) {
    bits = Math.imul(bits ^ userId.charCodeAt(at), 0x01000193);
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
