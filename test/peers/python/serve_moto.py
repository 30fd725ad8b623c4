"""moto's KMS, S3, SQS and DynamoDB on a free loopback port, until standard input ends. Argument: S3's smallest part."""
import json
import os
import sys
import threading

from lines import own_stdout

protocol = own_stdout()
os.environ["S3_UPLOAD_PART_MIN_SIZE"] = sys.argv[1]

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.server import MotoRequestHandler
from werkzeug.serving import make_server

application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
protocol.write(json.dumps({"ready": True, "port": server.server_port}) + "\n")
protocol.flush()
sys.stdin.read()
server.shutdown()
