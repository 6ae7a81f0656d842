"use strict";
// The film, and the album's track beside it at the aligned position and speed; one of them is heard.

const DRIFT_S = 0.06; // more than this and the track is moved to where it belongs

class Player {
  constructor(film, album) {
    Object.assign(this, {film, album, side: "film", spot: null, track: null, listeners: []});
    for (const name of ["play", "pause", "seeked", "ratechange", "timeupdate", "ended"]) {
      film.addEventListener(name, () => this.align());
    }
    album.addEventListener("loadedmetadata", () => this.align());
    album.addEventListener("error", () => this.notify());
    album.addEventListener("playing", () => this.align());
  }

  get time() {
    return this.film.currentTime;
  }

  /** The stretch that is compared with the album: a cue's, and its track {address, start, length}. */
  choose(spot, track) {
    Object.assign(this, {spot, track});
    const address = track ? mediaUrl(track.address) : "";
    if (address && this.album.src !== address) this.album.src = address;
    if (!address) this.album.removeAttribute("src");
    this.album.preservesPitch = keepsPitch(spot);
    this.align();
  }

  seek(time) {
    this.film.currentTime = Math.min(Math.max(0, time), pageData.film.length);
    this.align();
    this.notify();
  }

  toggle() {
    if (this.film.paused) this.film.play().catch(() => this.notify());
    else this.film.pause();
  }

  /** Hear `film` or `album`: both run, the other is mute, so there is no gap. */
  hear(side) {
    this.side = side;
    this.align();
    this.notify();
  }

  /** Second of the track's file that belongs to the film's time; null outside the cue or the track. */
  aligned() {
    const {spot, track, time} = this;
    if (!spot || !track || time < spot.start - 0.05 || time > spot.end) return null;
    const second = spot.at + (time - spot.start) * spot.speed;
    return second < 0 || second > track.length ? null : track.start + second;
  }

  align() {
    const {film, album} = this, second = this.aligned();
    const isAlbum = this.side === "album" && second !== null && !album.error;
    film.muted = isAlbum;
    album.muted = !isAlbum;
    album.volume = film.volume;
    if (second === null || album.readyState < 1) {
      album.pause();
      return;
    }
    album.playbackRate = Math.min(Math.max(film.playbackRate * this.spot.speed, 0.0625), 16);
    if (film.paused || Math.abs(album.currentTime - second) > DRIFT_S) {
      if (!album.seeking && Math.abs(album.currentTime - second) > 0.005) album.currentTime = second;
    }
    if (film.paused || film.ended) album.pause();
    else if (album.paused) album.play().catch(() => this.notify());
  }

  notify() {
    for (const listener of this.listeners) listener();
  }
}

/** Whether a track plays in its usual pitch at another speed: not if the film shifts both together. */
function keepsPitch(spot) {
  return !spot || Math.abs(spot.pitch - 12 * Math.log2(spot.speed)) > Math.abs(spot.pitch);
}
