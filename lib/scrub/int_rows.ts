/** A growing hash table of rows of 32-bit integers: the building material of the search tables. */
export class IntRows {
  /** Rows of `width` integers; a row whose last integer is 0 is free. */
  cells: Int32Array;
  size = 0;
  readonly #width: number;
  readonly #keys: number;

  /** The first `keys` (1 or 2) of `width` integers identify a row. */
  constructor(width: 1 | 2 | 3, keys: 1 | 2) {
    this.#width = width;
    this.#keys = keys;
    this.cells = new Int32Array(width * 64);
  }

  /** Adds a row unless its key is known; says whether it was new. The last integer of the row must not be 0. */
  add(a: number, b: number, c: number): boolean {
    if (this.size * this.#width * 2 >= this.cells.length) this.#grow();
    const slot = this.#slot(a, b);
    if (this.cells[slot + this.#width - 1] !== 0) return false;
    this.cells[slot] = a;
    if (this.#width > 1) this.cells[slot + 1] = b;
    if (this.#width > 2) this.cells[slot + 2] = c;
    this.size++;
    return true;
  }

  #slot(a: number, b: number): number {
    const { cells } = this, width = this.#width, last = width - 1, two = this.#keys === 2;
    const mask = cells.length / width - 1;
    for (let i = placeOf(a);; i++) {
      const slot = (i & mask) * width;
      if (cells[slot + last] === 0 || (cells[slot] === a && (!two || cells[slot + 1] === b))) return slot;
    }
  }

  #grow(): void {
    const old = this.cells, width = this.#width;
    this.cells = new Int32Array(old.length * 2);
    this.size = 0;
    for (let i = 0; i < old.length; i += width) {
      if (old[i + width - 1] !== 0) this.add(old[i] ?? 0, old[i + 1] ?? 0, old[i + 2] ?? 0);
    }
  }
}

/** Where the search for a key begins, before masking. */
export function placeOf(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 1;
}
