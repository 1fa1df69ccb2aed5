# Varnish in front of the servers: it stores responses for anonymous viewers, and purges them by their surrogate keys.
# Run the servers with CDN=varnish and CDN_URL=http://<each node>. Needs the vmod xkey (package varnish-modules).
vcl 4.1;

import std;
import xkey;

backend server {
    .host = "127.0.0.1";
    .port = "8080";
}

# The servers, which send PURGE requests.
acl purgers {
    "localhost";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers || !req.http.Xkey-Purge) {
            return (synth(403, "Forbidden"));
        }
        return (synth(200, "Purged " + xkey.purge(req.http.Xkey-Purge)));
    }
    # WebSockets and event streams.
    if (req.http.Upgrade ~ "(?i)websocket" || req.http.Accept ~ "text/event-stream") {
        return (pipe);
    }
    # Only the cookies of a session say who the viewer is.
    if (req.http.Cookie !~ "(^|; )(__Host-)?7p-(access|refresh)=") {
        unset req.http.Cookie;
    }
    if (req.method != "GET" && req.method != "HEAD" || req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
    return (hash);
}

sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    }
}

sub vcl_backend_response {
    # Only the server decides what is stored, and for how long: files of pages, whose names change with their content, and
    # responses that it can purge.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (beresp.status != 200 || beresp.http.Cache-Control !~ "immutable" && (beresp.http.Cache-Control !~ "s-maxage=" || !beresp.http.Xkey)) {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
    }
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.Xkey;
}
