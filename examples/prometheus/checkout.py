"""A service to watch: it answers on /metrics until it is stopped. `python3 checkout.py [PORT]`"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

METRICS = b"# TYPE checkout_orders_total counter\ncheckout_orders_total 42\n"


class Checkout(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(METRICS)


HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8081), Checkout).serve_forever()
