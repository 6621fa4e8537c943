//! What the watchdog asks: the store and the policies, as they really are.

use readmit_recovery::time::Timestamp;
use readmit_store::Store as _;

use crate::house::House;

/// Whatever a policy does, it comes to an end, and nothing is kept of the question.
#[tokio::test]
async fn the_policies_answer_whatever_they_say() {
    for open in ["return prove { \"email\" }", "error(\"on purpose\")", "while true do end", "return 7"] {
        let house = House::with_policy(&format!(
            "local policy = {{}}\nfunction policy.open(case)\n  {open}\nend\nreturn policy\n"
        ))
        .await;
        let before = house.store.journal(Timestamp::default(), 0, 100).await.unwrap().len();
        house.service.clone().policies_answer().await.unwrap();
        assert_eq!(house.store.journal(Timestamp::default(), 0, 100).await.unwrap().len(), before, "{open}");
        assert_eq!(house.store.counts().await.unwrap().cases, 0, "{open}");
    }
}

/// The round trip is one through the writer: without it, there is none.
#[tokio::test]
async fn the_store_answers_only_while_its_writer_works() {
    let house = House::quiet().await;
    house.service.store_answers().await.unwrap();
    house.store.close();
    assert!(house.service.store_answers().await.is_err());
}
