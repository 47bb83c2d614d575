from nlp_services.cli import main

main()
