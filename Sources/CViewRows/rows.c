#include "CViewRows.h"

#include <sqlite3.h>
#include <string.h>

/// What is left of the rows. Every read looks first whether there is enough.
struct rest {
    const uint8_t *at;
    const uint8_t *end;
};

static int take(struct rest *rest, void *out, size_t count) {
    if ((size_t)(rest->end - rest->at) < count) return 0;
    memcpy(out, rest->at, count);
    rest->at += count;
    return 1;
}

static int bind(sqlite3_stmt *statement, int parameter, struct rest *rest) {
    uint8_t kind;
    if (!take(rest, &kind, sizeof kind)) return SQLITE_MISUSE;
    switch (kind) {
    case VIEW_ROWS_NULL: return sqlite3_bind_null(statement, parameter);
    case VIEW_ROWS_INTEGER: {
        int64_t value;
        if (!take(rest, &value, sizeof value)) return SQLITE_MISUSE;
        return sqlite3_bind_int64(statement, parameter, value);
    }
    case VIEW_ROWS_REAL: {
        double value;
        if (!take(rest, &value, sizeof value)) return SQLITE_MISUSE;
        return sqlite3_bind_double(statement, parameter, value);
    }
    case VIEW_ROWS_TEXT: {
        uint32_t length;
        if (!take(rest, &length, sizeof length)) return SQLITE_MISUSE;
        if ((size_t)(rest->end - rest->at) < length || length > INT32_MAX) return SQLITE_MISUSE;
        const char *text = (const char *)rest->at;
        rest->at += length;
        // The bytes outlive the step, and the bindings are cleared before they go.
        return sqlite3_bind_text(statement, parameter, text, (int)length, SQLITE_STATIC);
    }
    default: return SQLITE_MISUSE;
    }
}

static int run_row(sqlite3_stmt *statement, int parameters, struct rest *rest) {
    uint16_t values;
    if (!take(rest, &values, sizeof values) || values != parameters) return SQLITE_MISUSE;
    for (int parameter = 1; parameter <= parameters; parameter++) {
        int code = bind(statement, parameter, rest);
        if (code != SQLITE_OK) return code;
    }
    int code = sqlite3_step(statement);
    int reset_code = sqlite3_reset(statement);
    if (code == SQLITE_DONE) return reset_code;
    return code == SQLITE_ROW ? SQLITE_MISUSE : reset_code != SQLITE_OK ? reset_code : code;
}

int view_rows_run(void *statement, const uint8_t *bytes, size_t count) {
    struct rest rest = {bytes, bytes + count};
    int parameters = sqlite3_bind_parameter_count(statement);
    int code = SQLITE_OK;
    while (code == SQLITE_OK && rest.at < rest.end) code = run_row(statement, parameters, &rest);
    sqlite3_clear_bindings(statement);
    return code;
}
