// A walk over a file and its write-ahead log. It goes through SQLite's own layer, since a file opened and closed
// behind its back would give up the locks that this process holds on it.
#include <stdlib.h>
#include <string.h>

#include "layer.h"

enum {
    // Others may be writing: what does not fit is looked at again.
    LOG_LOOKS = 4,
    LOG_LOOKS_MAX = 100,
    LOG_PAUSE_MICROSECONDS = 1000,
};

static int open_file(const char *path, const char *suffix, int kind, char **name, sqlite3_file **file) {
    *name = NULL;
    *file = NULL;
    int code = page_checksum_install();
    if (code != SQLITE_OK) return code;
    char *plain = sqlite3_mprintf("%s%s", path, suffix);
    if (plain == NULL) return SQLITE_NOMEM;
    *name = (char *)sqlite3_create_filename(plain, "", "", 0, NULL);
    sqlite3_free(plain);
    *file = calloc(1, (size_t)layer_inner_vfs->szOsFile);
    if (*name == NULL || *file == NULL) return SQLITE_NOMEM;
    int flags = kind | SQLITE_OPEN_READONLY;
    return layer_inner_vfs->xOpen(layer_inner_vfs, *name, *file, flags, &flags);
}

static void close_file(char *name, sqlite3_file *file) {
    if (file != NULL && file->pMethods != NULL) file->pMethods->xClose(file);
    free(file);
    if (name != NULL) sqlite3_free_filename(name);
}

enum page_checksum_layout page_checksum_layout(const char *path) {
    char *name;
    sqlite3_file *file;
    uint8_t page[PAGE_BYTES];
    enum page_checksum_layout answer = PAGE_CHECKSUM_UNREADABLE;
    if (open_file(path, "", SQLITE_OPEN_MAIN_DB, &name, &file) == SQLITE_OK) {
        int code = layer_read_page(file, path, 1, page);
        sqlite3_int64 size = 0;
        if (code == SQLITE_OK) {
            answer = PAGE_CHECKSUM_SEALED;
        } else if (file->pMethods->xFileSize(file, &size) == SQLITE_OK && size < PAGE_BYTES) {
            answer = PAGE_CHECKSUM_SHORT;
        } else if (code == SQLITE_IOERR_DATA) {
            // A file made with trailers has both the byte and the application's number, so one flipped bit does not
            // make it look like one made without.
            bool is_plain = memcmp(page, "SQLite format 3", 16) == 0 && page[20] == 0 &&
                            memcmp(page + 68, "\0\0\0\0", 4) == 0;
            answer = is_plain ? PAGE_CHECKSUM_PLAIN : PAGE_CHECKSUM_DAMAGED;
        }
    }
    close_file(name, file);
    return answer;
}

static int inspect_pages(sqlite3_file *file, const char *path, struct page_checksum_report *report) {
    uint8_t page[PAGE_BYTES];
    sqlite3_int64 size;
    int code = file->pMethods->xFileSize(file, &size);
    for (uint32_t number = 1; code == SQLITE_OK && (sqlite3_int64)(number - 1) * PAGE_BYTES < size; number++) {
        if (page_is_lock_page(number)) continue;
        report->pages++;
        code = file->pMethods->xRead(file, page, PAGE_BYTES, (sqlite3_int64)(number - 1) * PAGE_BYTES);
        if (code == SQLITE_OK && page_is_hole(page)) continue;
        if (code != SQLITE_OK || !page_is_sound(page, number)) code = layer_read_page(file, path, number, page);
        if (number == 1 && code == SQLITE_OK) {
            report->declared_pages = (int64_t)page[28] << 24 | page[29] << 16 | page[30] << 8 | page[31];
        }
        if (code == SQLITE_IOERR_DATA) {
            if (report->bad_pages++ == 0) report->first_bad_page = number;
            code = SQLITE_OK;
        }
    }
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

static int inspect_log(sqlite3_file *database, const char *path, struct page_checksum_report *report) {
    char *name;
    sqlite3_file *log;
    int code = open_file(path, "-wal", SQLITE_OPEN_WAL, &name, &log);
    if (code != SQLITE_OK) {
        // Without a log there is nothing to check.
        close_file(name, log);
        return code == SQLITE_NOMEM ? code : SQLITE_OK;
    }
    sqlite3_int64 fault = -1, before = -1;
    // A fault stays where it is; while somebody writes, what does not fit yet moves on.
    for (int looks = 0, same = 0; code == SQLITE_OK && same < LOG_LOOKS && looks < LOG_LOOKS_MAX; looks++) {
        code = wal_check_cut(log, database, &fault);
        if (fault < 0) break;
        same = fault == before ? same + 1 : 1;
        before = fault;
        layer_inner_vfs->xSleep(layer_inner_vfs, LOG_PAUSE_MICROSECONDS);
    }
    report->log_offset = fault;
    close_file(name, log);
    return code;
}

int page_checksum_inspect(const char *path, struct page_checksum_report *report) {
    char *name;
    sqlite3_file *file;
    *report = (struct page_checksum_report){.log_offset = -1};
    int code = open_file(path, "", SQLITE_OPEN_MAIN_DB, &name, &file);
    if (code == SQLITE_OK) code = inspect_pages(file, path, report);
    if (code == SQLITE_OK) code = inspect_log(file, path, report);
    close_file(name, file);
    return code;
}
