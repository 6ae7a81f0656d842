"""List the file name extensions of audio, and the names of files that are certainly no music."""

CUE = ".cue"

# fmt: off
# If one of these cannot be opened as sound, something is wrong with it.
AUDIO_EXTENSIONS = frozenset((
    ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".au", ".caf", ".dff",
    ".dsf", ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".m4r", ".mka", ".mp1", ".mp2", ".mp3",
    ".mpc", ".oga", ".ogg", ".opus", ".shn", ".snd", ".spx", ".tak", ".tta", ".voc", ".w64", ".wav",
    ".wma", ".wv",
))
# Pictures, playlists, texts, logs, checksums, and files that audio editors write.
IGNORED_EXTENSIONS = frozenset((
    ".avif", ".bmp", ".gif", ".heic", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jxl",
    ".png", ".psd", ".svg", ".tif", ".tiff", ".webp", ".xcf", ".aimppl", ".asx", ".b4s",
    ".ffconcat", ".fpl", ".m3u", ".m3u8", ".mpd", ".pls", ".sdp", ".strm", ".wpl", ".xspf", ".zpl",
    ".csv", ".diz", ".doc", ".docx", ".htm", ".html", ".ini", ".json", ".lrc", ".lyrics", ".md",
    ".nfo", ".odt", ".opf", ".rtf", ".srt", ".tsv", ".txt", ".vtt", ".xml", ".yaml", ".yml",
    ".djvu", ".epub", ".pdf", ".accurip", ".log", ".toc", ".crc", ".ffp", ".md5", ".par2", ".sfv",
    ".sha1", ".sha256", ".sha512", ".st5", ".lnk", ".torrent", ".url", ".webloc", ".asd", ".pek",
    ".pk", ".pkf", ".reapeaks", ".sfk", ".wvc", ".bak", ".db", ".tmp",
))
IGNORED_NAMES = frozenset((
    "authors", "changelog", "copying", "copyright", "credits", "desktop.ini", "ehthumbs.db",
    "install", "licence", "license", "readme", "thumbs.db", "todo",
))
IGNORED_FOLDERS = frozenset(("__macosx", "$recycle.bin", "system volume information", "lost+found"))
# fmt: on
