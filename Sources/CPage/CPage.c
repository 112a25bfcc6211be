/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every file of the page, byte for byte as it lies in files/. #embed (C23) costs the compiler nothing; an array literal of
 * Swift of this size costs it half a minute.
 */
#include "CPage.h"

static const unsigned char actions_view_js[] = {
#embed "files/actions-view.js"
};
static const unsigned char api_js[] = {
#embed "files/api.js"
};
static const unsigned char details_css[] = {
#embed "files/details.css"
};
static const unsigned char dom_js[] = {
#embed "files/dom.js"
};
static const unsigned char event_view_js[] = {
#embed "files/event-view.js"
};
static const unsigned char events_data_js[] = {
#embed "files/events-data.js"
};
static const unsigned char events_table_js[] = {
#embed "files/events-table.js"
};
static const unsigned char events_view_js[] = {
#embed "files/events-view.js"
};
static const unsigned char filters_js[] = {
#embed "files/filters.js"
};
static const unsigned char icon_svg[] = {
#embed "files/icon.svg"
};
static const unsigned char index_html[] = {
#embed "files/index.html"
};
static const unsigned char live_js[] = {
#embed "files/live.js"
};
static const unsigned char main_js[] = {
#embed "files/main.js"
};
static const unsigned char marks_js[] = {
#embed "files/marks.js"
};
static const unsigned char matches_js[] = {
#embed "files/matches.js"
};
static const unsigned char page_css[] = {
#embed "files/page.css"
};
static const unsigned char payload_js[] = {
#embed "files/payload.js"
};
static const unsigned char place_js[] = {
#embed "files/place.js"
};
static const unsigned char run_card_js[] = {
#embed "files/run-card.js"
};
static const unsigned char runs_view_js[] = {
#embed "files/runs-view.js"
};
static const unsigned char sources_view_js[] = {
#embed "files/sources-view.js"
};
static const unsigned char start_js[] = {
#embed "files/start.js"
};
static const unsigned char strip_js[] = {
#embed "files/strip.js"
};
static const unsigned char table_css[] = {
#embed "files/table.css"
};
static const unsigned char theme_js[] = {
#embed "files/theme.js"
};
static const unsigned char time_js[] = {
#embed "files/time.js"
};
static const unsigned char timeline_control_js[] = {
#embed "files/timeline-control.js"
};
static const unsigned char timeline_model_js[] = {
#embed "files/timeline-model.js"
};
static const unsigned char timeline_css[] = {
#embed "files/timeline.css"
};
static const unsigned char timeline_js[] = {
#embed "files/timeline.js"
};

static const struct page_file files[] = {
    {"actions-view.js", actions_view_js, sizeof actions_view_js},
    {"api.js", api_js, sizeof api_js},
    {"details.css", details_css, sizeof details_css},
    {"dom.js", dom_js, sizeof dom_js},
    {"event-view.js", event_view_js, sizeof event_view_js},
    {"events-data.js", events_data_js, sizeof events_data_js},
    {"events-table.js", events_table_js, sizeof events_table_js},
    {"events-view.js", events_view_js, sizeof events_view_js},
    {"filters.js", filters_js, sizeof filters_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"live.js", live_js, sizeof live_js},
    {"main.js", main_js, sizeof main_js},
    {"marks.js", marks_js, sizeof marks_js},
    {"matches.js", matches_js, sizeof matches_js},
    {"page.css", page_css, sizeof page_css},
    {"payload.js", payload_js, sizeof payload_js},
    {"place.js", place_js, sizeof place_js},
    {"run-card.js", run_card_js, sizeof run_card_js},
    {"runs-view.js", runs_view_js, sizeof runs_view_js},
    {"sources-view.js", sources_view_js, sizeof sources_view_js},
    {"start.js", start_js, sizeof start_js},
    {"strip.js", strip_js, sizeof strip_js},
    {"table.css", table_css, sizeof table_css},
    {"theme.js", theme_js, sizeof theme_js},
    {"time.js", time_js, sizeof time_js},
    {"timeline-control.js", timeline_control_js, sizeof timeline_control_js},
    {"timeline-model.js", timeline_model_js, sizeof timeline_model_js},
    {"timeline.css", timeline_css, sizeof timeline_css},
    {"timeline.js", timeline_js, sizeof timeline_js},
};

struct page_file page_file(size_t index) {
  return index < sizeof files / sizeof *files ? files[index] : (struct page_file){0};
}
