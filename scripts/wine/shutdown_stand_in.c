/* What Wine runs as shutdown.exe in the trial: it keeps one count, as Windows does, and answers with Windows' codes. Wine's own
 * says yes to everything, so a count would always seem to have been called off. Each call is a line of C:\shutdown.log. */
#include <stdio.h>
#include <string.h>

#define PENDING "C:\\shutdown.pending"
#define IS_SCHEDULED 1190
#define NONE_IN_PROGRESS 1116

static int answer(int count, char **words) {
    FILE *file;
    if (count > 1 && strcmp(words[1], "/a") == 0) {
        if (remove(PENDING) == 0) return 0;
        fprintf(stderr, "Unable to abort the system shutdown because no shutdown was in progress.(1116)\n");
        return NONE_IN_PROGRESS;
    }
    if ((file = fopen(PENDING, "r")) != NULL) {
        fclose(file);
        fprintf(stderr, "A system shutdown has already been scheduled.(1190)\n");
        return IS_SCHEDULED;
    }
    if ((file = fopen(PENDING, "w")) == NULL) return 1;
    fclose(file);
    return 0;
}

int main(int count, char **words) {
    const int code = answer(count, words);
    FILE *log = fopen("C:\\shutdown.log", "a");
    if (log == NULL) return 1;
    for (int at = 1; at < count; at++) fprintf(log, "%s ", words[at]);
    fprintf(log, "= %d\n", code);
    fclose(log);
    return code;
}
